import { expect, test } from 'vitest';
import { ProxyRefusal } from '../network/proxy-tunnel.ts';
import type { HttpLogEntry } from './http-log.ts';
import { logRequests } from './http-log.ts';
import { tokenFailure } from './token-failure.ts';

const context = { subject: 'Credentials for role x', date: 0 };

test('reports a module that is missing, not the credentials', () => {
  const error = Object.assign(new Error("Cannot find package 'x'"), { code: 'ERR_MODULE_NOT_FOUND' });

  const failure = tokenFailure(error, [], context);

  expect(failure).toMatchObject({ failure: 'rejected', code: 'ERR_MODULE_NOT_FOUND' });
  expect(failure.message).toContain("Cannot find package 'x'");
});

test('says what a proxy in front of STS requires, with its Retry-After', async () => {
  const httpLog: HttpLogEntry[] = [];
  const refusal = new ProxyRefusal(407, ['NTLM'], 3_000);
  const provider = { doRequest: (_request: { readonly host: string }) => Promise.reject(refusal) };
  logRequests(provider, httpLog);
  await provider.doRequest({ host: 'sts.example' }).catch(() => {});

  const failure = tokenFailure(refusal, httpLog, context);

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'PROXY_STATUS_407', retryAfter: 3_000 });
  expect(failure.message).toContain('It only accepts NTLM authentication');
});
