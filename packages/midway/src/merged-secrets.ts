import { ConfigurationError } from '@kms-secrets/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import type { ILogger, MidwayConfigService } from '@midwayjs/core';
import { configKey } from './options.ts';
import type { MergedSecret, MergedSecrets } from './options.ts';

export const nameOf = (merged: MergedSecret): string => (typeof merged === 'string' ? merged : merged.secret);

/** Refuses a path whose parent is not an object of the configuration: a misspelt path would leave a component without its password. */
export function checkPaths(config: MergedSecrets, configuration: MidwayConfigService): void {
  const child = (at: unknown, key: string): unknown => (isObject(at) ? Reflect.get(at, key) : undefined);
  const unknown = Object.keys(config).filter((path) => {
    const parents = path.split('.').slice(0, -1);
    return !isObject(parents.reduce(child, configuration.getConfiguration()));
  });
  const expected = 'a path whose parent is an object in the configuration';
  if (unknown.length > 0) throw new ConfigurationError(unknown.map((path) => issueOf(path, expected)));
}

/** Writes secrets that are in memory into the configuration, and warns when one is rotated, until the returned functions are called. */
export function mergeSecrets(
  config: MergedSecrets,
  client: SecretClient,
  { configuration, logger }: { readonly configuration: MidwayConfigService; readonly logger: ILogger },
): readonly (() => void)[] {
  const merges = Object.entries(config).map(([path, merged]) => {
    const name = nameOf(merged);
    return { path, name, value: valueOf(client.current(name), merged, path) };
  });
  return merges.map(({ path, name, value }) => {
    configuration.addObject(
      path.split('.').reduceRight((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>,
    );
    const warning = `Secret "${name}" was rotated, but "${path}" in the configuration keeps the value of the start. Read it through @InjectSecret, or restart.`;
    return client.on('rotated', () => logger.warn(warning), { name });
  });
}

function valueOf(secret: Secret, merged: MergedSecret, path: string): unknown {
  if (typeof merged === 'string') return secret.text();
  const json = secret.json();
  if (isObject(json) && Object.hasOwn(json, merged.field)) return Reflect.get(json, merged.field);
  throw new ConfigurationError([issueOf(path, `a field of the JSON of secret "${secret.name}"`, merged.field)]);
}

const issueOf = (path: string, expected: string, got?: string): ConfigurationError['issues'][number] => ({
  key: `config['${path}']`,
  source: configKey,
  expected,
  got,
});

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
