import { isSecretClient, systemClock } from '@kms-secrets/core';
import type { Clock, SecretClient } from '@kms-secrets/core';
import type { AccountKeys } from './account.ts';

/** Options that every driver has. */
export interface RotationOptions {
  /** The client that reads the secret. It stays open when the pool ends. */
  readonly secrets: SecretClient;
  /** The name or ARN of the secret with the account: a JSON object. */
  readonly secret: string;
  /** The version stage to follow. Default: that of the client. */
  readonly stage?: string | undefined;
  /** The properties of the secret that hold the user name and the password. */
  readonly keys?: AccountKeys | undefined;
  /**
   * How long a new connection waits for a valid account (ms), if the database rejects the one of the secret: the time from the change
   * in the database to the new version in KMS. Then it fails with the error of the database. Default: 10 s.
   */
  readonly patience?: number | undefined;
  /** The time of the pool. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

/** `RotationOptions` with their defaults. */
export interface ResolvedRotation extends Pick<RotationOptions, 'secrets' | 'secret' | 'stage'> {
  readonly keys: AccountKeys;
  readonly patience: number;
  readonly clock: Clock;
}

const defaultPatience = 10_000;

/** Separates the options of the rotation from those of the driver. Throws a `TypeError` that lists every mistake. */
export function splitOptions<Options extends RotationOptions>(
  options: Options,
  refused: Readonly<Record<string, string>>,
  caller = 'rotatingPool',
): { readonly rotation: ResolvedRotation; readonly driver: Omit<Options, keyof RotationOptions> } {
  const { secrets, secret, stage, keys = {}, patience = defaultPatience, clock = systemClock, ...driver } = options;
  const problems = [
    !isSecretClient(secrets) && 'secrets: expected a client of createSecretClient()',
    !isText(secret) && 'secret: expected the name or ARN of a secret',
    stage !== undefined && !isText(stage) && 'stage: expected the name of a version stage',
    !isKeys(keys) && 'keys: expected { user, password }, the names of two properties of the secret',
    !(Number.isFinite(patience) && patience >= 0) && 'patience: expected milliseconds, 0 or more',
    ...Object.entries(refused).map(([key, advice]) => key in driver && `${key}: ${advice}`),
  ];
  const error = optionsError(caller, problems);
  if (error !== undefined) throw error;
  return { rotation: { secrets, secret, stage, keys, patience, clock }, driver };
}

/** An error that lists what is wrong with the options of a function. `undefined` if nothing is. */
export function optionsError(caller: string, problems: readonly (string | false)[]): TypeError | undefined {
  const found = problems.filter((problem) => problem !== false);
  if (found.length === 0) return undefined;
  return new TypeError(`Invalid options of ${caller}():\n  - ${found.join('\n  - ')}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isKeys(keys: unknown): keys is AccountKeys {
  if (typeof keys !== 'object' || keys === null) return false;
  const known = new Set(['user', 'password']);
  return Object.entries(keys).every(([key, name]) => known.has(key) && (name === undefined || isText(name)));
}
