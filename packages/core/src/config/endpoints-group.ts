import { clientKeyProperties, passwordProperties } from '../options/client-key-source.ts';
import { endpointProperties } from '../options/endpoints.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { describeKind } from '../options/redact.ts';
import type { Group } from './credentials-group.ts';
import type { ConfigurationMachine } from './environment.ts';
import { parseJsonSetting } from './json-setting.ts';
import { instancesKey, regionsKey } from './known-keys.ts';
import { passwordVariable } from './password-variable.ts';
import { absolutePath, backslashAdvice, hasLostBackslashes } from './paths.ts';
import type { TextSource } from './text-source.ts';
import { trimmed } from './text-source.ts';

const examples: ReadonlyMap<string, string> = new Map([
  [regionsKey, `[{"regionId":"cn-hangzhou"},{"regionId":"cn-shanghai","vpc":true}]`],
  [
    instancesKey,
    `[{"endpoint":"kst-….cryptoservice.kms.aliyuncs.com","clientKeyFile":"…","passwordFromFilePath":"…","caFilePath":"…"}]`,
  ],
]);

/** What the official clients' instances can be told besides, that is told otherwise here or has no meaning. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['protocol', 'an instance is always asked by HTTPS'],
  ['readTimeout', 'set attemptTimeout'],
  ['connectTimeout', 'set connectTimeout'],
  ['httpProxy', 'set the variable HTTPS_PROXY'],
  ['httpsProxy', 'set the variable HTTPS_PROXY'],
  ['noProxy', 'set the variable NO_PROXY'],
  ['socks5Proxy', 'set the variable HTTPS_PROXY to an HTTP proxy'],
  ['maxIdleConns', 'connections are kept as they are needed'],
  ['userAgent', 'requests have one of their own'],
]);

/**
 * The endpoints that a source holds, instances first: who has one wants it asked. `undefined` if it says nothing about them.
 * What is in the list, the option's row checks.
 */
export function readEndpoints(source: TextSource, machine: ConfigurationMachine): Group | undefined {
  const keys = [instancesKey, regionsKey].filter((key) => source.get(key) !== undefined);
  if (keys.length === 0) return undefined;
  const reading: Reading = { source, machine, issues: [], warnings: [] };
  const lists = keys.map((key) => readList(key, reading));
  const { issues, warnings } = reading;
  const found = lists.flatMap((list) => list ?? []);
  const places = keys.filter((_, index) => lists[index]?.length !== 0).map((key) => source.place(key));
  // An empty list of instances is as good as none; one of regions is refused by the row.
  if (lists.includes(undefined) || (found.length === 0 && !keys.includes(regionsKey))) return { issues, warnings };
  return { setting: { value: found, source: places.join(' and ') || source.place(regionsKey) }, issues, warnings };
}

interface Reading {
  readonly source: TextSource;
  readonly machine: ConfigurationMachine;
  readonly issues: ConfigurationIssue[];
  readonly warnings: string[];
}

/** The entries of one key; `undefined` if they are no list. */
function readList(key: string, reading: Reading): readonly unknown[] | undefined {
  const { source, issues } = reading;
  const refuse = (expected: string, got?: string): undefined => {
    issues.push({ key, source: source.place(key), expected, got, example: examples.get(key) });
  };
  const what = key === regionsKey ? 'a JSON list of regions' : 'a JSON list of KMS instances';
  const parsed = parseJsonSetting(source.get(key) ?? '', source.written(key) ?? '', endpointProperties);
  if ('broken' in parsed) return refuse(`${what}; ${parsed.broken}`);
  if (!Array.isArray(parsed.json)) return refuse(what, describeKind(parsed.json));
  return parsed.json.map((entry: unknown, index) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
    const fields = new Map<string, unknown>(Object.entries(entry));
    const place = { key, at: `${key}[${index}]` };
    if (key === instancesKey) readInstance(fields, place, reading);
    readPaths(fields, place, reading);
    return Object.fromEntries(fields);
  });
}

interface Place {
  readonly key: string;
  readonly at: string;
}

/** Rewrites an instance of the official clients' as an endpoint of ours. */
function readInstance(fields: Map<string, unknown>, { key, at }: Place, reading: Reading): void {
  const { source, machine, issues, warnings } = reading;
  const refuse = (property: string, expected: string): void => {
    issues.push({ key: `${at}.${property}`, source: source.place(key), expected, example: examples.get(key) });
  };
  for (const [property, instead] of elsewhere) {
    if (fields.delete(property)) {
      warnings.push(`${at}.${property} (${source.place(key)}) is not read: ${instead}.`);
    }
  }
  const isSet = (property: string): boolean => (fields.get(property) ?? '') !== '';
  // Where there is anything of a client key, the row sees to the rest of it.
  if (![...clientKeyProperties, ...passwordProperties, 'passwordFromFilePathName'].some(isSet)) {
    const expected = `the path of the instance's client key file; an instance that is asked with other credentials stands in ${regionsKey}, with endpoint and caFilePath`;
    refuse('clientKeyFile', expected);
    if (!isSet('endpoint')) refuse('endpoint', 'the host of the KMS instance');
  }
  const indirect = fields.get('passwordFromFilePathName');
  if (typeof indirect === 'string' && indirect !== '') {
    fields.delete('passwordFromFilePathName');
    const path = source.get(indirect) ?? trimmed(machine.environment[indirect]);
    if (path === undefined) refuse('passwordFromFilePathName', 'the name of a key or variable that holds a path');
    else if (isSet('passwordFromFilePath'))
      refuse('passwordFromFilePathName', 'this or passwordFromFilePath, not both');
    else fields.set('passwordFromFilePath', path);
  }
  const variable = fields.get('passwordFromEnvVariable');
  if (typeof variable === 'string' && variable !== '') {
    const meant = passwordVariable(variable, source, machine);
    fields.set('passwordFromEnvVariable', meant.name);
    warnings.push(...meant.warnings);
  }
}

function readPaths(fields: Map<string, unknown>, { key, at }: Place, { source, machine, issues }: Reading): void {
  for (const property of ['caFilePath', 'clientKeyFile', 'passwordFromFilePath']) {
    const path = fields.get(property);
    if (typeof path !== 'string' || path === '') continue;
    if (hasLostBackslashes(path)) {
      issues.push({ key: `${at}.${property}`, source: source.place(key), expected: backslashAdvice });
    }
    fields.set(property, absolutePath(path, source, machine));
  }
}
