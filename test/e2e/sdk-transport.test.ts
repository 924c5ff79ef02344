import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FetchFailure, Secret } from '@kms-secrets/core';
import type { Credentials, FailureName, SecretFields, SecretRequest, SecretTransport } from '@kms-secrets/core';
import { startFakeKms } from '@kms-secrets/testing';
import { describeTransport } from '@kms-secrets/testing/contracts';
import { afterAll, beforeAll } from 'vitest';

/** The result of one request to the SDK process. */
interface Report {
  readonly attempt: number;
  readonly secret?: SecretFields;
  readonly failure?: {
    readonly failure: FailureName;
    readonly message: string;
    readonly code?: string;
    readonly status?: number;
    readonly requestId?: string;
    readonly retryAfter?: number;
    readonly printed: string;
  };
}

let sdk: ChildProcess;
const pending = new Map<number, (report: Report) => void>();
let attempts = 0;

// One process for all tests: every fake KMS of this process has the same certificates.
beforeAll(async () => {
  const kms = await startFakeKms();
  sdk = fork(join(import.meta.dirname, 'sdk-process.mjs'), {
    env: { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: kms.caFilePath },
    execArgv: [],
    serialization: 'advanced',
  });
  await once(sdk, 'message');
  await kms.close(); // after Node has started, which reads the CA file of this fake KMS
  sdk.on('message', (message) => {
    const report = message as Report; // the only messages of sdk-process.mjs
    pending.get(report.attempt)?.(report);
    pending.delete(report.attempt);
  });
});

afterAll(async () => {
  const exit = once(sdk, 'exit');
  sdk.disconnect();
  await exit;
});

describeTransport(
  'sdkTransport over @alicloud/kms20160120',
  ({ endpoint }, _kms, credentials) => open(endpoint, credentials),
  {
    isOverSdk: true,
  },
);

/** A proxy of the transport in the other process. */
function open(endpoint: string, { accessKeyId, accessKeySecret, securityToken }: Credentials): SecretTransport {
  const id = (attempts += 1);
  const credentials = { accessKeyId, accessKeySecret, ...(securityToken === undefined ? {} : { securityToken }) };
  sdk.send({ command: 'open', id, endpoint, credentials });
  return {
    endpoint,
    async fetch(secretRequest, signal) {
      signal.throwIfAborted();
      const { attempt, report } = request({ command: 'fetch', id, request: secretRequest });
      const abort = (): void => void sdk.send({ command: 'abort', attempt });
      signal.addEventListener('abort', abort, { once: true });
      const { secret, failure } = await report.finally(() => signal.removeEventListener('abort', abort));
      if (secret !== undefined) return new Secret(secret);
      const {
        failure: name,
        message,
        printed,
        ...details
      } = failure ?? { failure: 'malformed', message: 'none', printed: '' };
      throw Object.assign(new FetchFailure(name, message, details), { printed });
    },
    async close() {
      await request({ command: 'close', id }).report;
    },
  };
}

function request(message: { readonly command: string; readonly id: number; readonly request?: SecretRequest }): {
  readonly attempt: number;
  readonly report: Promise<Report>;
} {
  const attempt = (attempts += 1);
  const report = new Promise<Report>((resolve) => {
    pending.set(attempt, resolve);
  });
  sdk.send({ ...message, attempt });
  return { attempt, report };
}
