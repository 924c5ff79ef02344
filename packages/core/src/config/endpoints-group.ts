import { isAbsolute, resolve } from 'node:path';
import type { ConfigurationIssue } from '../errors.ts';
import type { Group } from './credentials-group.ts';
import type { ConfigurationMachine } from './environment.ts';
import { jsonMistake } from './json-mistake.ts';
import { instancesKey, regionsKey } from './known-keys.ts';
import type { TextSource } from './text-source.ts';

const example = `[{"regionId":"cn-hangzhou"},{"regionId":"cn-shanghai","vpc":true}]`;

/** The endpoints that a source holds; `undefined` if it says nothing about them. What is in the list, the option's row checks. */
export function readEndpoints(source: TextSource, machine: ConfigurationMachine): Group | undefined {
  const regions = source.get(regionsKey);
  const issues: ConfigurationIssue[] = [];
  if (source.get(instancesKey) !== undefined) {
    const expected = `${regionsKey} instead: KMS instances by client key are not built in this version; an instance can be asked with an access key, as endpoint with caFilePath`;
    issues.push({ key: instancesKey, source: source.place(instancesKey), expected, example });
  }
  if (regions === undefined) return issues.length === 0 ? undefined : { issues };
  const parsed = parseList(regions);
  if (parsed.json === undefined) {
    const expected = `a JSON list of regions; it breaks at character ${parsed.mistake + 1}`;
    return { issues: [...issues, { key: regionsKey, source: source.place(regionsKey), expected, example }] };
  }
  const value = Array.isArray(parsed.json)
    ? parsed.json.map((entry: unknown) => withAbsolutePath(entry, source, machine))
    : parsed.json;
  return { setting: { value, source: source.place(regionsKey) }, issues };
}

/** Also with the backslash before each quote that `export X="[{\"regionId\":…}]"` leaves in shells that quote otherwise. */
function parseList(text: string): { readonly json: unknown; readonly mistake: number } {
  for (const candidate of [text, text.replaceAll(String.raw`\"`, '"')]) {
    try {
      return { json: JSON.parse(candidate) ?? 'null', mistake: 0 };
    } catch {
      // The engine's message quotes the text; where it breaks is found below.
    }
  }
  return { json: undefined, mistake: mistakeIn(text) };
}

function mistakeIn(text: string): number {
  const mistake = jsonMistake(text) ?? 0;
  if (text[mistake] !== '\\') return mistake;
  // Quotes that are escaped throughout are no mistake: the place without their backslashes is the one, told as it was written.
  const bare = text.replaceAll(String.raw`\"`, '"');
  const bareMistake = jsonMistake(bare) ?? 0;
  return bareMistake + bare.slice(0, bareMistake).split('"').length - 1;
}

/** A relative path is meant from the file that names it; the official clients look in the working directory. */
function withAbsolutePath(entry: unknown, source: TextSource, machine: ConfigurationMachine): unknown {
  if (typeof entry !== 'object' || entry === null || !('caFilePath' in entry)) return entry;
  const { caFilePath } = entry;
  if (typeof caFilePath !== 'string' || caFilePath === '' || isAbsolute(caFilePath)) return entry;
  const candidates = source.directories.map((directory) => resolve(directory, caFilePath));
  const found = candidates.find((path) => isThere(path, machine)) ?? candidates[0];
  return { ...entry, caFilePath: found ?? caFilePath };
}

function isThere(path: string, machine: ConfigurationMachine): boolean {
  try {
    machine.readFile(path);
    return true;
  } catch {
    return false;
  }
}
