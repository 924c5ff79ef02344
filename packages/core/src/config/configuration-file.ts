import { dirname, resolve } from 'node:path';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { ConfigurationMachine } from './environment.ts';
import { workingDirectory } from './environment.ts';
import { knownKeys } from './known-keys.ts';
import { nearMiss } from './suggestion.ts';
import type { Property } from './properties-file.ts';
import { parseProperties } from './properties-file.ts';
import { readText } from './read-text.ts';
import type { TextSource } from './text-source.ts';
import { trimmed } from './text-source.ts';

/** The file's name where nobody names one: that of the official clients. */
const usualName = 'secretsmanager.properties';

/** Which file is to be read, and who says so. */
export interface FileChoice {
  readonly path: string;
  readonly source: string;
}

export interface FileRead {
  readonly source?: TextSource;
  readonly issues: readonly ConfigurationIssue[];
  readonly warnings: readonly string[];
}

/** Reads the file that was named, or the usual one if it is there. */
export function readConfigurationFile(named: FileChoice | undefined, machine: ConfigurationMachine): FileRead {
  const { path, source } = named ?? { path: usualName, source: 'working directory' };
  const refuse = (expected: string, got?: string): FileRead => {
    return { issues: [{ key: 'configFile', source, expected, got }], warnings: [] };
  };
  const directory = workingDirectory(machine);
  if (directory === undefined && named === undefined) return { issues: [], warnings: [] };
  const absolute = resolve(directory ?? '/', path);
  const read = readText(absolute, machine);
  if ('problem' in read) {
    if (read.isMissing && named === undefined) return { issues: [], warnings: [] };
    return refuse(`a file in the form of ${usualName}`, `${read.problem} at ${path}`);
  }
  const parsed = parseProperties(read.text);
  if ('brokenLine' in parsed) {
    const line = parsed.brokenLine === 0 ? '' : `:${parsed.brokenLine}`;
    return refuse(
      `four hexadecimal digits after each \\u, in ${path}${line}; a backslash that is meant is written twice`,
    );
  }
  const properties = new Map(parsed.properties.map((property) => [property.key, property]));
  return {
    source: {
      get: (key) => trimmed(properties.get(key)?.value),
      written: (key) => trimmed(properties.get(key)?.written),
      place: (key) => `${path}${lineOf(properties.get(key))}`,
      directories: [dirname(absolute), ...(directory === undefined ? [] : [directory])],
    },
    issues: [],
    warnings: parsed.properties.flatMap((property) => warningAbout(property, properties, path)),
  };
}

function lineOf(property: Property | undefined): string {
  return property === undefined ? '' : `:${property.line}`;
}

/** An unknown key is not shown: where a line was broken by mistake, the "key" is the rest of a value. */
function warningAbout(property: Property, last: ReadonlyMap<string, Property>, path: string): string[] {
  const { key, line } = property;
  if (!knownKeys.has(key)) {
    const meant = nearMiss(key, knownKeys);
    const question = meant === undefined ? 'It is not read.' : `Is "${meant}" meant?`;
    return [`${path}:${line} sets a key that is not known here. ${question}`];
  }
  const winner = last.get(key);
  if (winner === undefined || winner === property) return [];
  return [`${path}:${line} sets ${key}, and line ${winner.line} does so again: the last one counts.`];
}
