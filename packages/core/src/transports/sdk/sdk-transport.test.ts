import { expect, test } from 'vitest';
import type { FetchFailure, SecretTransport } from '../../ports/transport.ts';
import type { RpcClient, RpcRequest } from './sdk-transport.ts';
import { sdkTransport } from './sdk-transport.ts';

const request = { name: 'prod/db', stage: 'ACSCurrent' };

const response = {
  SecretName: 'prod/db',
  SecretData: 's3cret-1',
  SecretDataType: 'text',
  SecretType: 'Rds',
  VersionId: 'v1',
  VersionStages: { VersionStage: ['ACSCurrent'] },
  ExtendedConfig: '{"SecretSubType":"SingleUser"}',
  RequestId: 'r-1',
};

function noAbort(): AbortSignal {
  return new AbortController().signal;
}

/** An SDK client with the given `doRequest`. */
function clientWith(doRequest: RpcClient['doRequest']): RpcClient & { readonly _endpoint: string } {
  return { _endpoint: 'kms.test', doRequest };
}

async function failureOf(error: unknown, transport: SecretTransport = failing(error)): Promise<FetchFailure> {
  try {
    await transport.fetch(request, noAbort());
  } catch (failure) {
    return failure as FetchFailure;
  }
  throw new Error('expected a failure');
}

function failing(error: unknown): SecretTransport {
  return sdkTransport(clientWith(() => Promise.reject(error)));
}

/** An error response, as `$tea.newError` converts it. */
function sdkError(status: number, data: Readonly<Record<string, unknown>>): Error {
  const code = `${String(data['Code'])}Error`;
  const message = `${code}: code: ${status}, ${String(data['Message'])} requestid: ${String(data['RequestId'])}`;
  return Object.assign(new Error(message), { code, data });
}

test('requests a secret with doRequest, including FetchExtendedConfig', async () => {
  const calls: RpcRequest[] = [];
  const client = clientWith((...parameters) => {
    calls.push(parameters);
    return Promise.resolve(response);
  });

  const secret = await sdkTransport(client, { connectTimeout: 1_000, readTimeout: 2_000 }).fetch(request, noAbort());

  expect(secret.text()).toBe('s3cret-1');
  expect(secret.type).toBe('Rds');
  expect(secret.extendedConfig).toEqual({ SecretSubType: 'SingleUser' });
  expect(calls).toEqual([
    [
      'GetSecretValue',
      'HTTPS',
      'POST',
      '2016-01-20',
      'AK',
      { SecretName: 'prod/db', VersionStage: 'ACSCurrent', FetchExtendedConfig: 'true' },
      {},
      { autoretry: false, ignoreSSL: false, connectTimeout: 1_000, readTimeout: 2_000 },
    ],
  ]);
});

test('requests a version by its id, with the timeouts of the SDK client', async () => {
  const calls: RpcRequest[] = [];
  const client = clientWith((...parameters) => {
    calls.push(parameters);
    return Promise.resolve(response);
  });

  await sdkTransport(client).fetch({ name: 'prod/db', versionId: 'v1' }, noAbort());

  expect(calls[0]?.[5]).toEqual({ SecretName: 'prod/db', VersionId: 'v1', FetchExtendedConfig: 'true' });
  expect(calls[0]?.[7]).toEqual({ autoretry: false, ignoreSSL: false });
});

test('names the endpoint by its option, the host of the client, or KMS', () => {
  const doRequest = (): Promise<unknown> => Promise.resolve(response);

  expect(sdkTransport(clientWith(doRequest), { endpoint: 'mine' }).endpoint).toBe('mine');
  expect(sdkTransport(clientWith(doRequest)).endpoint).toBe('kms.test');
  expect(sdkTransport({ doRequest }).endpoint).toBe('KMS (SDK client)');
});

test.each([
  [404, 'Forbidden.ResourceNotFound', 'notFound'],
  [403, 'Forbidden.NoPermission', 'denied'],
  [429, 'Rejected.Throttling', 'throttled'],
  [500, 'InternalError', 'unavailable'],
  [400, 'SignatureDoesNotMatch', 'identity'],
  [400, 'InvalidTimeStamp.Expired', 'identity'],
])('reports status %i with code %s', async (status, Code, name) => {
  const failure = await failureOf(sdkError(status, { Code, Message: 's3cret-message', RequestId: 'r-2' }));

  expect(failure).toMatchObject({ name: 'FetchFailure', failure: name, status, code: Code, requestId: 'r-2' });
  expect(`${failure.message} ${failure.stack}`).not.toContain('s3cret-');
  expect(failure.cause).toBeUndefined();
});

test('removes the suffix of the SDK from a code if there is no body', async () => {
  const error = Object.assign(new Error('Throttling.UserError: code: 400, x requestid: y'), {
    code: 'Throttling.UserError',
  });

  expect(await failureOf(error)).toMatchObject({ failure: 'throttled', status: 400, code: 'Throttling.User' });
});

test.each([
  [502, 'unavailable'],
  [403, 'rejected'],
])('reports no code for status %i with JSON that is not from KMS', async (status, name) => {
  expect(await failureOf(sdkError(status, { error: 'proxy' }))).toMatchObject({
    failure: name,
    status,
    code: undefined,
  });
});

const url = 'https://kms.test/?AccessKeyId=LTAIfake&SecurityToken=s3cret-token&Signature=s3cret-signature';

test.each([
  ['ECONNREFUSED', 'unreachable'],
  ['ECONNRESET', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['CERT_HAS_EXPIRED', 'untrusted'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'untrusted'],
  [undefined, 'unreachable'],
])('classifies a network error with code %s as %s and drops its URL', async (code, name) => {
  const error = Object.assign(new Error(`POST ${url} failed.`), { code, config: { url } });

  const failure = await failureOf(error);

  expect(failure).toMatchObject({ failure: name, code });
  const cause = failure.cause as Error;
  const texts = [failure, cause].map((each) => `${each.message} ${each.stack} ${JSON.stringify(each)}`).join(' ');
  expect(texts).not.toMatch(/s3cret-|LTAI|Signature/u);
});

test('reports a timeout of the SDK as ETIMEDOUT', async () => {
  const error = Object.assign(new Error(`ConnectTimeout: Connect ${url} failed.`), { name: 'RequestTimeoutError' });

  const failure = await failureOf(error);

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(failure.message).not.toContain('s3cret-');
});

test('reports a body that is not JSON as malformed and does not quote it', async () => {
  const failure = await failureOf(new SyntaxError(`Unexpected token '<', "<s3cret-page>" is not valid JSON`));

  expect(failure).toMatchObject({ failure: 'malformed', status: undefined });
  expect(`${failure.message} ${failure.stack}`).not.toContain('s3cret-');
});

test.each([
  ['s3cret-text'],
  [undefined],
  [{ code: 's3cret-' }],
  [Object.assign(new Error(url), { code: url, name: url })],
])('converts any thrown value into a failure that does not quote it', async (thrown) => {
  const failure = await failureOf(thrown);

  expect(failure).toMatchObject({ name: 'FetchFailure', failure: 'unreachable' });
  expect(`${failure.message} ${JSON.stringify(failure)}`).not.toContain('s3cret-');
});

test.each([[undefined], ['s3cret-text'], [null]])('reports a response of %j as malformed', async (invalid) => {
  const transport = sdkTransport(clientWith(() => Promise.resolve(invalid)));

  expect(await failureOf(undefined, transport)).toMatchObject({ failure: 'malformed' });
});

test('reports the response for another secret as malformed', async () => {
  const transport = sdkTransport(clientWith(() => Promise.resolve({ ...response, SecretName: 'other' })));

  expect(await failureOf(undefined, transport)).toMatchObject({ failure: 'malformed' });
});

test('reports an error that the SDK client throws synchronously', async () => {
  const transport = sdkTransport(
    clientWith(() => {
      throw Object.assign(new Error('s3cret-text'), { code: 'ParameterMissing' });
    }),
  );

  expect(await failureOf(undefined, transport)).toMatchObject({ failure: 'unreachable', code: 'ParameterMissing' });
});

test('rejects when the signal aborts, although the SDK continues', async () => {
  const transport = sdkTransport(clientWith(() => new Promise(() => {})));
  const controller = new AbortController();
  const fetching = transport.fetch(request, controller.signal);

  controller.abort('stop');

  await expect(fetching).rejects.toBe('stop');
  await expect(transport.fetch(request, AbortSignal.abort('before'))).rejects.toBe('before');
});

test('close rejects pending and later fetches', async () => {
  const transport = sdkTransport(clientWith(() => new Promise(() => {})));
  const fetching = failureOf(undefined, transport);

  await transport.close();

  expect(await fetching).toMatchObject({ failure: 'rejected' });
  expect((await failureOf(undefined, transport)).message).toContain('closed');
});

test('rejects a name with a lone surrogate and sends no request', async () => {
  const actions: string[] = [];
  const client = clientWith((action) => {
    actions.push(action);
    return Promise.resolve(response);
  });

  await expect(sdkTransport(client).fetch({ name: 'a\uDC00' }, noAbort())).rejects.toMatchObject({
    failure: 'rejected',
  });

  expect(actions).toEqual([]);
});
