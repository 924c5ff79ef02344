import { ConfigurationError, refuseUnknownOptions } from '@kms-secrets/core';
import type { CredentialsProvider, SecretClient } from '@kms-secrets/core';
import { checkPushOptions, hasMethods, IssueList, pushOptionNames } from './options.ts';
import type { PushOptions } from './options.ts';

/** Options of `rotationQueue`. */
export interface RotationQueueOptions extends PushOptions {
  /** The endpoint of MNS, such as `https://1234567890123456.mns.cn-hangzhou.aliyuncs.com`. HTTPS, except on loopback. */
  readonly endpoint: string;
  /** The name of the queue. */
  readonly queue: string;
  /** The provider of the access key. Default: that of the client. */
  readonly credentials?: CredentialsProvider | undefined;
  /** How long MNS waits for a message before it responds without one (seconds, 1 to 30). Default: 30. */
  readonly waitSeconds?: number | undefined;
}

const source = 'rotationQueue()';

/** Throws `ConfigurationError` with all mistakes. */
export function checkQueueOptions(client: SecretClient, options: RotationQueueOptions): void {
  refuseUnknownOptions(options, source, [...pushOptionNames, 'endpoint', 'queue', 'credentials', 'waitSeconds']);
  const list = new IssueList(source);
  checkPushOptions(client, options, list);
  const { endpoint, queue, credentials, waitSeconds = 30 } = options;
  list.expect(
    isEndpoint(endpoint),
    'endpoint',
    'an HTTPS endpoint of MNS without a path, such as https://1234567890123456.mns.cn-hangzhou.aliyuncs.com',
  );
  list.expect(typeof queue === 'string' && /^[\w-]{1,256}$/u.test(queue), 'queue', 'the name of a queue');
  list.expect(
    Number.isInteger(waitSeconds) && waitSeconds >= 1 && waitSeconds <= 30,
    'waitSeconds',
    'a whole number of seconds from 1 to 30',
  );
  const isProvider = credentials !== undefined && hasMethods(credentials, ['getCredential']);
  list.expect(credentials === undefined || isProvider, 'credentials', 'an object with getCredential()');
  if (list.issues.length > 0) throw new ConfigurationError(list.issues);
}

export function missingCredentials(): ConfigurationError {
  const expected = 'a provider of an access key: the client signs with a client key, which MNS does not accept';
  return new ConfigurationError([{ key: 'credentials', source, expected }]);
}

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return (
    /^https:\/\/[\w.-]+(?::\d{1,5})?$/u.test(value) || /^http:\/\/(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/u.test(value)
  );
}
