import { clientKeyProperties, passwordProperties } from '../options/client-key-source.ts';
import { endpointProperties } from '../options/endpoints.ts';
import { describeKind } from '../options/redact.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import type { CompositeSetting } from './credentials-setting.ts';
import type { ConfigurationMachine } from './environment.ts';
import { parseJsonSetting } from './json-setting.ts';
import { instancesKey, regionsKey } from './known-keys.ts';
import { resolvePasswordVariable } from './password-variable.ts';
import { expectedWindowsPath, hasLostBackslashes, resolvePath } from './paths.ts';
import type { TextSource } from './text-source.ts';
import { keyAt, trimmed } from './text-source.ts';

const examples: ReadonlyMap<string, string> = new Map([
  [regionsKey, `[{"regionId":"cn-hangzhou"},{"regionId":"cn-shanghai","vpc":true}]`],
  [
    instancesKey,
    `[{"endpoint":"kst-….cryptoservice.kms.aliyuncs.com","clientKeyFile":"…","passwordFromFilePath":"…","caFilePath":"…"}]`,
  ],
]);

/** Properties of the official clients that are configured elsewhere here, or not at all. */
const ignoredProperties: ReadonlyMap<string, string> = new Map([
  ['protocol', 'instances are always accessed over HTTPS'],
  ['readTimeout', 'set attemptTimeout'],
  ['connectTimeout', 'set connectTimeout'],
  ['httpProxy', 'set the variable HTTPS_PROXY'],
  ['httpsProxy', 'set the variable HTTPS_PROXY'],
  ['noProxy', 'set the variable NO_PROXY'],
  ['socks5Proxy', 'set the variable HTTPS_PROXY to an HTTP proxy'],
  ['maxIdleConns', 'the connection pool has no such limit'],
  ['userAgent', 'the client sends its own user agent'],
]);

const pathProperties: readonly string[] = ['caFilePath', 'clientKeyFile', 'passwordFromFilePath'];

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
    const parsed = parseJsonSetting(this.#source.get(key) ?? '', this.#source.raw(key) ?? '', endpointProperties);
    if ('error' in parsed) return this.#reject(key, key, `${expected}; ${parsed.error}`);
    if (!Array.isArray(parsed.json)) return this.#reject(key, key, expected, describeKind(parsed.json));
    return parsed.json.map((json: unknown, index) => {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
      const entry = { key, path: `${key}[${index}]`, fields: new Map<string, unknown>(Object.entries(json)) };
      if (key === instancesKey) this.#convertInstance(entry);
      this.#resolvePaths(entry);
      return Object.fromEntries(entry.fields);
    });
  }

  /** Converts an instance of the official clients to an endpoint. */
  #convertInstance(entry: ListEntry): void {
    const { key, path, fields } = entry;
    for (const [property, instead] of ignoredProperties) {
      if (!fields.delete(property)) continue;
      this.warnings.push(`${keyAt(`${path}.${property}`, this.#source.location(key))} is ignored: ${instead}.`);
    }
    this.#requireClientKey(entry);
    this.#resolvePasswordPath(entry);
    const variable = fields.get('passwordFromEnvVariable');
    if (typeof variable !== 'string' || variable === '') return;
    const { name, warnings } = resolvePasswordVariable(variable, this.#source, this.#machine);
    fields.set('passwordFromEnvVariable', name);
    this.warnings.push(...warnings);
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
  #resolvePasswordPath({ key, path, fields }: ListEntry): void {
    const property = 'passwordFromFilePathName';
    const name = fields.get(property);
    if (typeof name !== 'string' || name === '') return;
    fields.delete(property);
    const file = this.#source.get(name) ?? trimmed(this.#machine.environment[name]);
    if (file === undefined) {
      this.#reject(key, `${path}.${property}`, 'the name of a key or variable that holds a path');
    } else if (isSet(fields, 'passwordFromFilePath')) {
      this.#reject(key, `${path}.${property}`, `only one of ${property}, passwordFromFilePath`);
    } else fields.set('passwordFromFilePath', file);
  }

  #resolvePaths({ key, path, fields }: ListEntry): void {
    for (const property of pathProperties) {
      const value = fields.get(property);
      if (typeof value !== 'string' || value === '') continue;
      if (hasLostBackslashes(value)) {
        const location = this.#source.location(key);
        this.issues.push({ key: `${path}.${property}`, source: location, expected: expectedWindowsPath });
      }
      fields.set(property, resolvePath(value, this.#source, this.#machine));
    }
  }

  #reject(key: string, ...[at, expected, got]: [at: string, expected: string, got?: string]): undefined {
    const source = this.#source.location(key);
    this.issues.push({ key: at, source, expected, got, example: examples.get(key) });
  }
}

function isSet(fields: ReadonlyMap<string, unknown>, property: string): boolean {
  return (fields.get(property) ?? '') !== '';
}
