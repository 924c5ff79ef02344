import { closestMatch } from '../options/closest-match.ts';
import { clientKeyProperties, passwordProperties } from '../options/client-key-source.ts';
import { endpointProperties } from '../options/endpoints.ts';
import { describeKind } from '../options/redact.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { CompositeSetting } from './credentials-setting.ts';
import type { ConfigurationMachine } from './environment.ts';
import { parseJsonSetting } from './json-setting.ts';
import { instancesKey, regionsKey } from './known-keys.ts';
import { choosePassword } from './password-variable.ts';
import type { PasswordSources } from './password-variable.ts';
import { expectedWindowsPath, hasLostBackslashes, resolvePath } from './paths.ts';
import type { TextSource } from './text-source.ts';
import { keyAt, unquoted } from './text-source.ts';

const examples: ReadonlyMap<string, string> = new Map([
  [regionsKey, `[{"regionId":"cn-hangzhou"},{"regionId":"cn-shanghai","vpc":true}]`],
  [
    instancesKey,
    `[{"endpoint":"kst-….cryptoservice.kms.aliyuncs.com","clientKeyFile":"…","passwordFromFilePath":"…","caFilePath":"…"}]`,
  ],
]);

/** Properties of the official clients and of their SDK's `Config` that are configured elsewhere here, or not at all. */
const ignoredProperties: ReadonlyMap<string, string> = new Map([
  ['protocol', 'instances are always accessed over HTTPS'],
  ['readTimeout', 'set attemptTimeout'],
  ['connectTimeout', 'set connectTimeout'],
  ['httpProxy', 'set the variable HTTPS_PROXY'],
  ['httpsProxy', 'set the variable HTTPS_PROXY'],
  ['noProxy', 'set the variable NO_PROXY'],
  ['socks5Proxy', 'set the variable HTTPS_PROXY to an HTTP proxy'],
  ['socks5NetWork', 'set the variable HTTPS_PROXY to an HTTP proxy'],
  ['maxIdleConns', 'the connection pool has no such limit'],
  ['userAgent', 'the client sends its own user agent'],
  ['type', 'instances are always accessed with a client key'],
  ['credential', 'instances are always accessed with a client key'],
  ['accessKeyId', 'set clientKeyFile, which contains the id of the key'],
  ['privateKey', 'set clientKeyFile, which contains the private key'],
]);

/** The authorities as text. The Go client also takes the path of a file for `caCert`. */
const caProperties: readonly string[] = ['ca', 'caCert'];

const endpointPathProperties: readonly string[] = ['caFilePath', 'clientKeyFile', 'passwordFromFilePath'];

/** In the order in which the official clients use them. */
const passwordSources = ['passwordFromEnvVariable', 'passwordFromFilePath'] as const;

/** The properties that are read, which are also the ones that an error may name. */
const knownProperties: ReadonlySet<string> = new Set([
  ...endpointProperties,
  ...caProperties,
  'passwordFromFilePathName',
]);

/** The spelling of each property by its lower case: the Go client ignores the case. */
const spellings: ReadonlyMap<string, string> = new Map(
  [...ignoredProperties.keys(), ...knownProperties].map((property) => [property.toLowerCase(), property]),
);

/**
 * Reads the endpoints of a source; `undefined` if it sets none. Instances come before regions, as in the official clients. The
 * option row checks the entries.
 */
export function readEndpoints(source: TextSource, machine: ConfigurationMachine): CompositeSetting | undefined {
  const keys = [instancesKey, regionsKey].filter((key) => source.get(key) !== undefined);
  if (keys.length === 0) return undefined;
  const reader = new EndpointsReader(source, machine);
  const lists = keys.map((key) => reader.readList(key));
  const { issues, warnings } = reader;
  const endpoints = lists.flatMap((list) => list ?? []);
  // An empty list of instances counts as not set. An empty list of regions is rejected by the option row.
  if (lists.includes(undefined) || (endpoints.length === 0 && !keys.includes(regionsKey))) return { issues, warnings };
  const locations = keys.filter((_, index) => lists[index]?.length !== 0).map((key) => source.location(key));
  const origin = locations.join(' and ') || source.location(regionsKey);
  return { setting: { value: endpoints, source: origin }, issues, warnings };
}

/** One entry of a list; `path` is its key with an index. */
interface ListEntry {
  readonly key: string;
  readonly path: string;
  readonly fields: Map<string, unknown>;
}

class EndpointsReader {
  readonly issues: ConfigurationIssue[] = [];
  readonly warnings: string[] = [];
  readonly #source: TextSource;
  readonly #machine: ConfigurationMachine;

  constructor(source: TextSource, machine: ConfigurationMachine) {
    this.#source = source;
    this.#machine = machine;
  }

  /** The entries of a key in the form of the option `endpoints`; `undefined` if the value is not a JSON list. */
  readList(key: string): readonly unknown[] | undefined {
    const expected = key === regionsKey ? 'a JSON list of regions' : 'a JSON list of KMS instances';
    const parsed = parseJsonSetting(this.#source.get(key) ?? '', this.#source.raw(key) ?? '', knownProperties);
    if ('error' in parsed) return this.#reject(key, key, `${expected}; ${parsed.error}`);
    if (!Array.isArray(parsed.json)) return this.#reject(key, key, expected, describeKind(parsed.json));
    return parsed.json.map((json: unknown, index) => {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
      const entry = { key, path: `${key}[${index}]`, fields: new Map<string, unknown>(Object.entries(json)) };
      this.#normalizeProperties(entry);
      this.#convertCa(entry);
      if (key === instancesKey) this.#requireClientKey(entry);
      this.#convertClientKey(entry);
      this.#resolvePaths(entry);
      return Object.fromEntries(entry.fields);
    });
  }

  /** Removes the properties that are not read, each with a warning: the official clients ignore them too. */
  #normalizeProperties(entry: ListEntry): void {
    const { fields } = entry;
    for (const [property, value] of fields) {
      // The official clients treat null as not set.
      if (value === null) fields.delete(property);
      else if (!knownProperties.has(property)) this.#convertUnknown(entry, property, value);
    }
  }

  #convertUnknown(entry: ListEntry, property: string, value: unknown): void {
    const { fields } = entry;
    fields.delete(property);
    const spelling = spellings.get(property.toLowerCase()) ?? '';
    const instead = ignoredProperties.get(spelling);
    if (instead !== undefined) this.#warn(entry, property, `is ignored: ${instead}.`);
    else if (fields.has(spelling)) this.#warn(entry, property, `is ignored, because ${spelling} is set.`);
    else if (spelling !== '') {
      fields.set(spelling, value);
      this.#warn(entry, property, `is read as ${spelling}. Write it like that: other clients do not ignore the case.`);
    } else {
      const match = closestMatch(property, knownProperties);
      const hint = match === undefined ? '' : ` Did you mean "${match}"?`;
      this.#warn(entry, property, `is unknown and ignored.${hint}`);
    }
  }

  /** The value is a text or a path, whichever property it is in. As in the SDKs, `ca` takes precedence over the file. */
  #convertCa(entry: ListEntry): void {
    const { fields } = entry;
    this.#keepFirst(entry, [...caProperties, 'caFilePath']);
    const property = [...caProperties, 'caFilePath'].find((name) => isSet(fields, name));
    const value = fields.get(property ?? '');
    fields.delete('caCert');
    if (property === undefined) return;
    if (typeof value !== 'string') {
      fields.set(property === 'caFilePath' ? property : 'ca', value);
      return;
    }
    fields.delete(property);
    fields.set(value.includes('-----BEGIN ') ? 'ca' : 'caFilePath', value);
  }

  /** Chooses one source of the client key and of its password, in the order of the official clients. */
  #convertClientKey(entry: ListEntry): void {
    const { key, path, fields } = entry;
    this.#resolvePasswordPath(entry);
    this.#keepFirst(entry, ['clientKeyContent', 'clientKeyFile']);
    const isSource = (property: string): boolean => typeof fields.get(property) === 'string' && isSet(fields, property);
    const sources: PasswordSources = Object.fromEntries(
      passwordSources.filter(isSource).map((property) => [property, fields.get(property)]),
    );
    const { chosen, warnings } = choosePassword(sources, {
      source: this.#source,
      machine: this.#machine,
      locationOf: (property) => keyAt(`${path}.${property}`, this.#source.location(key)),
    });
    this.warnings.push(...warnings);
    for (const property of Object.keys(sources)) fields.delete(property);
    for (const [property, value] of Object.entries(chosen)) if (value !== undefined) fields.set(property, value);
    this.#keepFirst(entry, [...passwordSources, 'password']);
  }

  /** Keeps the first of several properties that are set, as the official clients do. */
  #keepFirst(entry: ListEntry, properties: readonly string[]): void {
    const [first, ...others] = properties.filter((property) => isSet(entry.fields, property));
    for (const property of others) {
      entry.fields.delete(property);
      this.#warn(entry, property, `is ignored, because ${first} is set.`);
    }
  }

  /** If any property of a client key is set, the option row checks the others. */
  #requireClientKey({ key, path, fields }: ListEntry): void {
    const properties = [...clientKeyProperties, ...passwordProperties, 'passwordFromFilePathName'];
    if (properties.some((property) => isSet(fields, property))) return;
    const expected = `the path of the client key file of the instance; configure an instance with other credentials in ${regionsKey}, with endpoint and caFilePath`;
    this.#reject(key, `${path}.clientKeyFile`, expected);
    if (!isSet(fields, 'endpoint')) this.#reject(key, `${path}.endpoint`, 'the host of the KMS instance');
  }

  /** `passwordFromFilePathName` is the name of a key or variable that holds the path. */
  #resolvePasswordPath(entry: ListEntry): void {
    const { key, path, fields } = entry;
    const property = 'passwordFromFilePathName';
    const name = fields.get(property);
    fields.delete(property);
    if (typeof name !== 'string' || name === '') return;
    if (isSet(fields, 'passwordFromFilePath')) {
      this.#warn(entry, property, 'is ignored, because passwordFromFilePath is set.');
      return;
    }
    const file = this.#source.get(name) ?? unquoted(this.#machine.environment[name]);
    if (file !== undefined) fields.set('passwordFromFilePath', file);
    else if (!isSet(fields, 'passwordFromEnvVariable')) {
      this.#reject(key, `${path}.${property}`, 'the name of a key or variable that holds a path');
    }
  }

  #resolvePaths({ key, path, fields }: ListEntry): void {
    for (const property of endpointPathProperties) {
      const value = fields.get(property);
      if (typeof value !== 'string' || value === '') continue;
      if (hasLostBackslashes(value)) {
        const location = this.#source.location(key);
        this.issues.push({ key: `${path}.${property}`, source: location, expected: expectedWindowsPath });
      }
      fields.set(property, resolvePath(value, this.#source, this.#machine));
    }
  }

  /** A name with other characters may be a value in the wrong place, and is not shown. */
  #warn({ key, path }: ListEntry, property: string, text: string): void {
    const at = /^\w{1,40}$/u.test(property) ? `${path}.${property}` : `A property of ${path}`;
    this.warnings.push(`${keyAt(at, this.#source.location(key))} ${text}`);
  }

  #reject(key: string, ...[at, expected, got]: [at: string, expected: string, got?: string]): undefined {
    const source = this.#source.location(key);
    this.issues.push({ key: at, source, expected, got, example: examples.get(key) });
  }
}

function isSet(fields: ReadonlyMap<string, unknown>, property: string): boolean {
  return (fields.get(property) ?? '') !== '';
}
