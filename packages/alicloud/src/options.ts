import { isSecretClient } from '@kms-secrets/core';

/** Options of `ramCredentials`. */
export interface RamCredentialsOptions {
  /** The version stage to follow. Default: that of the client. */
  readonly stage?: string | undefined;
}

/** Throws a `TypeError` that lists every mistake. */
export function checkRamOptions(client: unknown, name: unknown, options: unknown): void {
  const isObject = typeof options === 'object' && options !== null;
  const { stage, ...unknown } = isObject ? ({ ...options } as Record<string, unknown>) : {};
  const problems = [
    !isSecretClient(client) && 'client: expected a client of createSecretClient()',
    !isText(name) && 'name: expected the name or ARN of a secret',
    !isObject && 'options: expected an object',
    stage !== undefined && !isText(stage) && 'options.stage: expected the name of a version stage',
    ...Object.keys(unknown).map((key) => `options.${key}: unknown; expected stage`),
  ].filter((problem) => problem !== false);
  if (problems.length > 0)
    throw new TypeError(`Invalid arguments of ramCredentials():\n  - ${problems.join('\n  - ')}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
