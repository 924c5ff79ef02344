import { expect, test } from 'vitest';
import type { FetchFailure, SecretTransport } from '../../ports/transport.ts';
import type { RpcClient, RpcRequest } from './sdk-transport.ts';
import { sdkTransport } from './sdk-transport.ts';

const request = { name: 'prod/db', stage: 'ACSCurrent' };

const answer = {
  SecretName: 'prod/db',
  SecretData: 's3cret-1',
  SecretDataType: 'text',
  SecretType: 'Rds',
  VersionId: 'v1',
  VersionStages: { VersionStage: ['ACSCurrent'] },
  ExtendedConfig: '{"SecretSubType":"SingleUser"}',
  RequestId: 'r-1',
};

function never(): AbortSignal {
  return new AbortController().signal;
}

/** A client of that shape, which does what a test says. */
function clientThat(doRequest: RpcClient['doRequest']): RpcClient & { readonly _endpoint: string } {
  return { _endpoint: 'kms.test', doRequest };
}

async function failureOf(error: unknown, transport: SecretTransport = failing(error)): Promise<FetchFailure> {
  try {
    await transport.fetch(request, never());
  } catch (failure) {
    return failure as FetchFailure;
  }
  throw new Error('was not refused');
}

function failing(error: unknown): SecretTransport {
  return sdkTransport(clientThat(() => Promise.reject(error)));
}

/** As `$tea.newError` makes it of an answer that was no. */
function refusal(status: number, data: Readonly<Record<string, unknown>>): Error {
  const code = `${String(data['Code'])}Error`;
  const message = `${code}: code: ${status}, ${String(data['Message'])} requestid: ${String(data['RequestId'])}`;
  return Object.assign(new Error(message), { code, data });
}

test('a secret is asked for by doRequest, with all that its typed request leaves out', async () => {
  const asked: RpcRequest[] = [];
  const client = clientThat((...parameters) => {
    asked.push(parameters);
    return Promise.resolve(answer);
  });

  const secret = await sdkTransport(client, { connectTimeout: 1_000, readTimeout: 2_000 }).fetch(request, never());

  expect(secret.text()).toBe('s3cret-1');
  expect(secret.type).toBe('Rds');
  expect(secret.extendedConfig).toEqual({ SecretSubType: 'SingleUser' });
  expect(asked).toEqual([
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

test('a version is asked for by its id, and the timeouts are left to the client', async () => {
  const asked: RpcRequest[] = [];
  const client = clientThat((...parameters) => {
    asked.push(parameters);
    return Promise.resolve(answer);
  });

  await sdkTransport(client).fetch({ name: 'prod/db', versionId: 'v1' }, never());

  expect(asked[0]?.[5]).toEqual({ SecretName: 'prod/db', VersionId: 'v1', FetchExtendedConfig: 'true' });
  expect(asked[0]?.[7]).toEqual({ autoretry: false, ignoreSSL: false });
});

test('the endpoint is called by the name given, by the host of the client, or by what it is', () => {
  const doRequest = (): Promise<unknown> => Promise.resolve(answer);

  expect(sdkTransport(clientThat(doRequest), { endpoint: 'mine' }).endpoint).toBe('mine');
  expect(sdkTransport(clientThat(doRequest)).endpoint).toBe('kms.test');
  expect(sdkTransport({ doRequest }).endpoint).toBe('KMS (by an SDK client)');
});

test.each([
  [404, 'Forbidden.ResourceNotFound', 'notFound'],
  [403, 'Forbidden.NoPermission', 'denied'],
  [429, 'Rejected.Throttling', 'throttled'],
  [500, 'InternalError', 'unavailable'],
  [400, 'SignatureDoesNotMatch', 'denied'],
  [400, 'InvalidTimeStamp.Expired', 'rejected'],
])('status %i with %s keeps its status and its clean code', async (status, Code, name) => {
  const failure = await failureOf(refusal(status, { Code, Message: 's3cret-message', RequestId: 'r-2' }));

  expect(failure).toMatchObject({ name: 'FetchFailure', failure: name, status, code: Code, requestId: 'r-2' });
  expect(`${failure.message} ${failure.stack}`).not.toContain('s3cret-');
  expect(failure.cause).toBeUndefined();
});

test('the word that the SDK adds to a code is taken off where there is no body', async () => {
  const error = Object.assign(new Error('Throttling.UserError: code: 400, x requestid: y'), {
    code: 'Throttling.UserError',
  });

  expect(await failureOf(error)).toMatchObject({ failure: 'throttled', status: 400, code: 'Throttling.User' });
});

test.each([
  [502, 'unavailable'],
  [403, 'rejected'],
])('status %i with JSON that is not of KMS has no code', async (status, name) => {
  expect(await failureOf(refusal(status, { error: 'proxy' }))).toMatchObject({
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
])('an error of the network with the code %s is %s, and the URL in it does not get on', async (code, name) => {
  const error = Object.assign(new Error(`POST ${url} failed.`), { code, config: { url } });

  const failure = await failureOf(error);

  expect(failure).toMatchObject({ failure: name, code });
  const cause = failure.cause as Error;
  const told = [failure, cause].map((each) => `${each.message} ${each.stack} ${JSON.stringify(each)}`).join(' ');
  expect(told).not.toMatch(/s3cret-|LTAI|Signature/u);
});

test("the SDK's own timeouts are told as that", async () => {
  const error = Object.assign(new Error(`ConnectTimeout: Connect ${url} failed.`), { name: 'RequestTimeoutError' });

  const failure = await failureOf(error);

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(failure.message).not.toContain('s3cret-');
});

test('a body that is no JSON is malformed, and what the parser quotes of it does not get on', async () => {
  const failure = await failureOf(new SyntaxError(`Unexpected token '<', "<s3cret-page>" is not valid JSON`));

  expect(failure).toMatchObject({ failure: 'malformed', status: undefined });
  expect(`${failure.message} ${failure.stack}`).not.toContain('s3cret-');
});

test.each([
  ['s3cret-text'],
  [undefined],
  [{ code: 's3cret-' }],
  [Object.assign(new Error(url), { code: url, name: url })],
])('whatever is thrown, a failure comes of it that shows nothing of it', async (thrown) => {
  const failure = await failureOf(thrown);

  expect(failure).toMatchObject({ name: 'FetchFailure', failure: 'unreachable' });
  expect(`${failure.message} ${JSON.stringify(failure)}`).not.toContain('s3cret-');
});

test.each([[undefined], ['s3cret-text'], [null]])('an answer of %j is malformed', async (odd) => {
  const transport = sdkTransport(clientThat(() => Promise.resolve(odd)));

  expect(await failureOf(undefined, transport)).toMatchObject({ failure: 'malformed' });
});

test('an answer about another secret is malformed', async () => {
  const transport = sdkTransport(clientThat(() => Promise.resolve({ ...answer, SecretName: 'other' })));

  expect(await failureOf(undefined, transport)).toMatchObject({ failure: 'malformed' });
});

test('a client that throws before it asks fails as any other', async () => {
  const transport = sdkTransport(
    clientThat(() => {
      throw Object.assign(new Error('s3cret-text'), { code: 'ParameterMissing' });
    }),
  );

  expect(await failureOf(undefined, transport)).toMatchObject({ failure: 'unreachable', code: 'ParameterMissing' });
});

test('a signal ends the wait at once, whatever the SDK is doing', async () => {
  const transport = sdkTransport(clientThat(() => new Promise(() => {})));
  const controller = new AbortController();
  const reading = transport.fetch(request, controller.signal);

  controller.abort('enough');

  await expect(reading).rejects.toBe('enough');
  await expect(transport.fetch(request, AbortSignal.abort('before'))).rejects.toBe('before');
});

test('closing ends what is waited for, and what comes after is refused', async () => {
  const transport = sdkTransport(clientThat(() => new Promise(() => {})));
  const reading = failureOf(undefined, transport);

  await transport.close();

  expect(await reading).toMatchObject({ failure: 'rejected' });
  expect((await failureOf(undefined, transport)).message).toContain('closed');
});

test('half a character in a name is rejected before anything is asked', async () => {
  const asked: string[] = [];
  const client = clientThat((action) => {
    asked.push(action);
    return Promise.resolve(answer);
  });

  await expect(sdkTransport(client).fetch({ name: 'a\uDC00' }, never())).rejects.toMatchObject({ failure: 'rejected' });

  expect(asked).toEqual([]);
});
