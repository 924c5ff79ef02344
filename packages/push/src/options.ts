import { isSecretClient } from '@kms-secrets/core';
import type { Clock, ConfigurationIssue, Logger, SecretClient } from '@kms-secrets/core';
import type { RotationFailure } from './event-receiver.ts';
import type { Fetch } from './fetch.ts';

/** Options of `rotationWebhook` and `rotationQueue`. */
export interface PushOptions {
  /** The ids of the Alibaba Cloud accounts whose events count. Events of other accounts are ignored. */
  readonly accounts?: readonly string[] | undefined;
  /** The ids of the regions whose events count. Events of other regions are ignored. */
  readonly regions?: readonly string[] | undefined;
  /**
   * Called when an event says that KMS could not rotate a secret that is in memory; at most once a minute for a secret. It may be
   * asynchronous.
   */
  readonly onRotationFailed?: ((failure: RotationFailure) => unknown) | undefined;
  /** Receives log lines. `console` is a logger. Default: none. */
  readonly logger?: Logger | undefined;
  /** Sends requests, for example through a proxy. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Default: the system clock. */
  readonly clock?: Clock | undefined;
}

export const pushOptionNames: readonly (keyof PushOptions)[] = [
  'accounts',
  'regions',
  'onRotationFailed',
  'logger',
  'fetch',
  'clock',
];

/** Collects the mistakes in the options of a function. */
export class IssueList {
  readonly issues: ConfigurationIssue[] = [];
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /** Adds an issue unless `isValid`. Without `got`: an option may be a token. */
  expect(isValid: boolean, key: string, expected: string): void {
    if (!isValid) this.issues.push({ key, source: this.#source, expected });
  }
}

export function checkPushOptions(client: SecretClient, options: PushOptions, list: IssueList): void {
  const { accounts, regions, onRotationFailed, logger, fetch, clock } = options;
  list.expect(isSecretClient(client), 'client', 'a client of createSecretClient()');
  list.expect(
    accounts === undefined || isListOf(accounts, isAccount),
    'accounts',
    `a list of account ids, ['1234567890123456']`,
  );
  list.expect(regions === undefined || isListOf(regions, isRegion), 'regions', `a list of region ids, ['cn-hangzhou']`);
  list.expect(isOptionalFunction(onRotationFailed), 'onRotationFailed', 'a function');
  list.expect(isOptionalFunction(fetch), 'fetch', 'a function, such as the global fetch');
  list.expect(logger === undefined || hasMethods(logger, ['warn', 'error']), 'logger', 'a logger, such as console');
  list.expect(clock === undefined || hasMethods(clock, ['now', 'date', 'setUnrefTimer']), 'clock', 'a Clock');
}

/** A list with at least one and at most `maxItems` valid items. */
export function isListOf<Item>(
  value: unknown,
  isItem: (item: unknown) => item is Item,
  maxItems = 100,
): value is readonly Item[] {
  return Array.isArray(value) && value.length > 0 && value.length <= maxItems && value.every((item) => isItem(item));
}

function isAccount(value: unknown): value is string {
  return typeof value === 'string' && /^\d{6,20}$/u.test(value);
}

function isRegion(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z]{2}(?:-[a-z\d]+)+$/u.test(value);
}

function isOptionalFunction(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}

export function hasMethods(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}
