import { ConfigurationError, refuseUnknownOptions } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { checkPushOptions, isListOf, IssueList, pushOptionNames } from './options.ts';
import type { PushOptions } from './options.ts';
import { isStrongToken, tokenRule } from './token.ts';

/** One token, or several of which each is accepted, to replace one without a gap. At least 128 random bits each. */
export type TokenOption = string | readonly string[];

/** Options for the signed events of EventBridge. */
export interface EventBridgeOptions {
  /** The URL of the HTTP target, exactly as you entered it in the console: it is part of the signature. Or up to four URLs. */
  readonly url: string | readonly string[];
  /** The token of the target. Without it, forged events reach the check of the signature. */
  readonly token?: TokenOption | undefined;
  /**
   * For tests: certificates of this origin on loopback are trusted too, such as `http://127.0.0.1:8080`. Never set it in production.
   */
  readonly testCertificateOrigin?: string | undefined;
}

/** Options for the callbacks of CloudMonitor, which are not signed. */
export interface CloudMonitorOptions {
  /** Expected as the last segment of the path, or in the header `Authorization: Bearer`. */
  readonly token: TokenOption;
}

/** Options of `rotationWebhook`. At least one of `eventBridge` and `cloudMonitor` is needed. */
export interface RotationWebhookOptions extends PushOptions {
  /** Accepts signed events of EventBridge. Needs `accounts` and `regions`. */
  readonly eventBridge?: EventBridgeOptions | undefined;
  /** Accepts callbacks of CloudMonitor with a token. */
  readonly cloudMonitor?: CloudMonitorOptions | undefined;
}

const source = 'rotationWebhook()';
const maxTokens = 4;
const maxUrls = 4;

/** Throws `ConfigurationError` with all mistakes. No message contains a token. */
export function checkWebhookOptions(client: SecretClient, options: RotationWebhookOptions): void {
  refuseUnknownOptions(options, source, [...pushOptionNames, 'eventBridge', 'cloudMonitor']);
  const list = new IssueList(source);
  checkPushOptions(client, options, list);
  const { eventBridge, cloudMonitor } = options;
  list.expect(
    eventBridge !== undefined || cloudMonitor !== undefined,
    'eventBridge',
    'eventBridge or cloudMonitor: without both, every event would be rejected',
  );
  if (eventBridge !== undefined) checkEventBridge(eventBridge, options, list);
  if (cloudMonitor !== undefined) {
    refuseUnknownOptions(cloudMonitor, 'rotationWebhook().cloudMonitor', ['token']);
    list.expect(isTokenOption(cloudMonitor.token), 'cloudMonitor.token', tokenRule);
  }
  if (list.issues.length > 0) throw new ConfigurationError(list.issues);
}

function checkEventBridge(eventBridge: EventBridgeOptions, { accounts, regions }: PushOptions, list: IssueList): void {
  refuseUnknownOptions(eventBridge, 'rotationWebhook().eventBridge', ['url', 'token', 'testCertificateOrigin']);
  const { url, token, testCertificateOrigin } = eventBridge;
  list.expect(
    isListOf(listOf(url), isTargetUrl, maxUrls),
    'eventBridge.url',
    'the URL of the HTTP target in the console of EventBridge, such as https://shop.example.com/hooks/kms, or up to four',
  );
  list.expect(token === undefined || isTokenOption(token), 'eventBridge.token', tokenRule);
  list.expect(
    testCertificateOrigin === undefined || isLoopbackOrigin(testCertificateOrigin),
    'eventBridge.testCertificateOrigin',
    'an origin on loopback, such as http://127.0.0.1:8080: it is only for tests',
  );
  list.expect(
    accounts !== undefined,
    'accounts',
    'the ids of your accounts: EventBridge signs events of every account for any URL',
  );
  list.expect(
    regions !== undefined,
    'regions',
    'the regions of your event buses: anyone may own the certificate host of a region that EventBridge does not have',
  );
}

export function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}

function isTokenOption(value: unknown): boolean {
  return isListOf(listOf(value), isStrongToken, maxTokens);
}

function isTargetUrl(value: unknown): value is string {
  if (typeof value !== 'string' || !/^https?:\/\/[^\s#]+$/u.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

function isLoopbackOrigin(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/u.test(value);
}
