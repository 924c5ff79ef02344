import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { CliLoginIdentity } from '../options/default-source.ts';
import { fetchByCliLogin } from './cli-login.ts';
import type { LibraryRequest, LibraryResponse } from './library-http.ts';

const date = Date.UTC(2026, 0, 2);
const seconds = Date.now() / 1_000;

/** Replaces the home directory, in which the library writes, for one test. Returns the path of the CLI's configuration. */
function useHome(profile: object): string {
  const home = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  const before = process.env['HOME'];
  process.env['HOME'] = home;
  onTestFinished(() => {
    process.env['HOME'] = before;
    rmSync(home, { recursive: true });
  });
  mkdirSync(join(home, '.aliyun'));
  const path = join(home, '.aliyun/config.json');
  writeFileSync(path, JSON.stringify({ current: 'me', profiles: [profile] }));
  return path;
}

function login(mode: CliLoginIdentity['mode'], fields: object): CliLoginIdentity {
  return { type: 'cli_login', mode, name: 'me', profile: { name: 'me', mode, ...fields } };
}

/** Credentials of a login with a function that responds to its requests. */
function fetchCredentials(identity: CliLoginIdentity, respond?: (request: LibraryRequest) => LibraryResponse) {
  return fetchByCliLogin(identity, {
    clock: new FakeClock({ date }),
    prepare: (provider) =>
      respond && Reflect.set(provider, 'doRequest', async (request: LibraryRequest) => respond(request)),
  });
}

/** The failure of a login. Checks that no part of it shows a secret. */
async function failureOf(...parameters: Parameters<typeof fetchCredentials>): Promise<unknown> {
  const failure: unknown = await fetchCredentials(...parameters).catch((error: unknown) => error);
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('s3cret-');
  return failure;
}

/** A command that prints `output`. */
function printing(output: string): CliLoginIdentity {
  return login('External', { process_command: `/bin/echo '${output}'` });
}

const printed = {
  mode: 'StsToken',
  access_key_id: 'FakeId',
  access_key_secret: 's3cret-key',
  sts_token: 's3cret-token',
};

test('runs the command of an External profile and stores nothing', async () => {
  const identity = printing(JSON.stringify({ ...printed, expiration: '2026-01-02T01:00:00Z' }));
  const path = useHome(identity.profile);
  const before = readFileSync(path, 'utf8');

  expect(await fetchCredentials(identity)).toEqual({
    credentials: { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key', securityToken: 's3cret-token' },
    lifetime: 3_600_000,
  });
  expect(readFileSync(path, 'utf8')).toBe(before);
});

test('a command may print an access key without an expiry', async () => {
  const output = JSON.stringify({ mode: 'AK', access_key_id: 'FakeId', access_key_secret: 's3cret-key' });

  expect(await fetchCredentials(printing(output))).toEqual({
    credentials: { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' },
    lifetime: undefined,
  });
});

test.each([
  ['/bin/false', 'unreachable', 'exited with an error'],
  ['/nowhere/tool s3cret-argument', 'unreachable', 'could not be started (ENOENT)'],
  ['/bin/echo s3cret-output', 'identity', 'did not print credentials'],
  ['/bin/echo {}', 'identity', 'did not print credentials'],
  [
    `/bin/echo '{"mode":"StsToken","access_key_id":"s3cret-1","access_key_secret":"s3cret-2"}'`,
    'identity',
    'did not print',
  ],
])('reports the command %j without its output', async (command, failure, words) => {
  expect(await failureOf(login('External', { process_command: command }))).toMatchObject({
    failure,
    message: expect.stringContaining(`process_command of the External profile "me" ${words}`) as string,
  });
});

const oauth = {
  oauth_site_type: 'CN',
  oauth_refresh_token: 's3cret-refresh-1',
  oauth_access_token: 's3cret-access-1',
  access_key_id: 'of the CLI',
};
const exchanged = {
  accessKeyId: 'FakeId',
  accessKeySecret: 's3cret-key',
  securityToken: 's3cret-token',
  expiration: '2026-01-02T01:00:00Z',
};

function respondTo(request: LibraryRequest): LibraryResponse {
  const isRenewal = request.toRequestURL().endsWith('/v1/token');
  const body = isRenewal
    ? { access_token: 's3cret-access-2', refresh_token: 's3cret-refresh-2', expires_in: 3_600 }
    : exchanged;
  return { statusCode: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

test('stores nothing of an OAuth login that is not renewed', async () => {
  const identity = login('OAuth', { ...oauth, oauth_access_token_expire: seconds + 7_200 });
  const path = useHome(identity.profile);
  const before = readFileSync(path, 'utf8');

  expect(await fetchCredentials(identity, respondTo)).toMatchObject({ lifetime: 3_600_000 });
  expect(readFileSync(path, 'utf8')).toBe(before);
});

test('stores the renewed token of an OAuth login, and no credentials', async () => {
  const identity = login('OAuth', { ...oauth, oauth_access_token_expire: 1 });
  const path = useHome(identity.profile);

  await fetchCredentials(identity, respondTo);

  const stored = readFileSync(path, 'utf8');
  const { profiles } = JSON.parse(stored) as { readonly profiles: readonly object[] };
  expect(profiles).toMatchObject([{ oauth_refresh_token: 's3cret-refresh-2', oauth_access_token: 's3cret-access-2' }]);
  expect(stored).not.toMatch(/s3cret-key|s3cret-token/u);
});

test.each([400, 401, 403])(
  'a login that ends with status %i is reported with the command that renews it',
  async (status) => {
    const identity = login('CloudSSO', {
      cloud_sso_sign_in_url: 'https://signin.test',
      cloud_sso_account_id: '1',
      cloud_sso_access_config: 'ac',
      access_token: 's3cret-access',
      cloud_sso_access_token_expire: seconds + 3_600,
    });

    const failure = await failureOf(identity, () => ({
      statusCode: status,
      headers: {},
      body: Buffer.from('{"s3cret-":1}'),
    }));

    expect(failure).toMatchObject({
      failure: 'identity',
      status,
      message: expect.stringMatching(
        /CloudSSO login of the profile "me".*`aliyun configure --mode CloudSSO --profile me`/u,
      ) as string,
    });
  },
);
