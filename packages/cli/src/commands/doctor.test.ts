import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clockAhead, TestHost } from '../test-host.fixture.ts';
import type { Outcome, TestHostOptions } from '../test-host.fixture.ts';
import {
  closeAll,
  closedAddress,
  ellipticClientKey,
  readOnlyRedis,
  redirectMetadata,
  refusingProxy,
} from './doctor.fixture.ts';

let kms: FakeKms;
let environment: Readonly<Record<string, string>>;
const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-doctor-'));
beforeAll(async () => {
  kms = await startFakeKms({ instances: ['kst-fake0001'] });
  environment = kms.environment();
  kms.put('prod/db', 's3cret-db', { versionId: 'v1' });
});
beforeEach(() => kms.heal());
afterAll(async () => {
  closeAll();
  await kms.close();
  rmSync(folder, { recursive: true });
});

interface SetUp extends TestHostOptions {
  readonly args?: readonly string[];
  readonly lookup?: LookupFunction;
}

async function doctor({ args = ['prod/db'], lookup, ...options }: SetUp): Promise<Outcome> {
  const host = new TestHost(options);
  const outcome = await Object.assign(host, { lookup }).run('doctor', ...args);
  for (const text of [outcome.stdout, outcome.stderr]) expect(/s3cret|password-1/u.test(text)).toBe(false);
  expect(outcome.stderr).toBe('');
  return outcome;
}

/** The lines of the checks that are not `ok`. */
const findings = (outcome: Outcome): string[] =>
  outcome.stdout.split('\n').filter((line) => /^(?:FAIL|WARN)/u.test(line));

const failingLookup =
  (code: string): LookupFunction =>
  (_hostname, _options, callback) =>
    callback(Object.assign(new Error(`getaddrinfo ${code}`), { code }), '');

const endpointsAt = (endpoint: string, more: object = {}): { cache_client_region_id: string } => ({
  cache_client_region_id: JSON.stringify([{ regionId: 'cn-hangzhou', endpoint, ...more }]),
});

/** The settings without some of them. */
function without(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

const instance = (extra: object): Record<string, string> => ({
  cache_client_dkms_config_info: JSON.stringify([
    { regionId: 'cn-hangzhou', endpoint: kms.endpoint('kst-fake0001').endpoint, caFilePath: kms.caFilePath, ...extra },
  ]),
});

test('without a fault, every check is ok', async () => {
  const outcome = await doctor({ environment });

  expect(outcome.code).toBe(0);
  const { endpoint } = kms.endpoint('cn-hangzhou');
  expect(outcome.stdout.split('\n')).toEqual([
    `ok    node: Node.js ${process.versions.node}`,
    'ok    setting credentials: variable credentials_access_key_id',
    'ok    setting endpoints: variable cache_client_region_id',
    expect.stringMatching(/^ok {4}ca endpoints\[0\] \(cache_client_region_id\): valid to \d{4}-/u),
    'ok    credentials: access key, set by the variable credentials_access_key_id',
    `ok    tcp ${endpoint}: connected to 127.0.0.1`,
    expect.stringMatching(
      /^ok {4}tls .*: TLSv1\.3, kms\.\S+ < Fake KMS Second CA < Fake KMS Root CA, valid to \d{4}-/u,
    ),
    `ok    clock ${endpoint}: differs by less than 2 s`,
    `ok    secret prod/db: version v1, Generic, from ${endpoint}`,
    '9 ok, 0 warnings, 0 failed',
    '',
  ]);
});

interface Case {
  readonly setUp: () => SetUp | Promise<SetUp>;
  /** The line that names the cause. */
  readonly line: RegExp;
  /** The other lines that are not `ok`. */
  readonly others?: number;
}

const cases: Readonly<Record<string, Case>> = {
  'no credentials': {
    setUp: () => ({
      environment: without('credentials_type', 'credentials_access_key_id', 'credentials_access_secret'),
    }),
    line: /^FAIL {2}credentials: No credentials are configured, .* Checked: .*Set credentials_type and its keys/u,
  },
  'wrong access key id': {
    setUp: () => ({ environment: { ...environment, credentials_access_key_id: 'LTAI5tUnknown' } }),
    line: /^FAIL {2}credentials \S+: .*InvalidAccessKeyId\.NotFound.*Identity: access key, set by the variable credentials_access_key_id\.$/u,
  },
  'wrong access key secret': {
    setUp: () => ({ environment: { ...environment, credentials_access_secret: 's3cret-wrong' } }),
    line: /^FAIL {2}credentials \S+: .*SignatureDoesNotMatch\. The access key secret does not match the access key id/u,
  },
  'ended token': {
    setUp() {
      const key = { accessKeyId: 'STS.fake1', accessKeySecret: 's3cret-sts', securityToken: 's3cret-token' };
      kms.addStsKey({ ...key, expiresAt: kms.clock.date() - 1_000, expiredCode: 'InvalidSecurityToken.Expired' });
      return {
        environment: {
          ...endpointsAt(kms.endpoint('cn-hangzhou').endpoint, { caFilePath: kms.caFilePath }),
          ALIBABA_CLOUD_ACCESS_KEY_ID: key.accessKeyId,
          ALIBABA_CLOUD_ACCESS_KEY_SECRET: key.accessKeySecret,
          ALIBABA_CLOUD_SECURITY_TOKEN: key.securityToken,
        },
      };
    },
    line: /^FAIL {2}credentials \S+: .*InvalidSecurityToken\.Expired\. The temporary credentials have expired\..*\(ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET\)/u,
  },
  'wrong region': {
    setUp: () => ({
      environment: { ...environment, cache_client_region_id: '[{"regionId":"cn-hangzhuo"}]' },
      lookup: failingLookup('ENOTFOUND'),
    }),
    line: /^FAIL {2}dns kms\.cn-hangzhuo\.aliyuncs\.com: the host name does not resolve \(ENOTFOUND\)\. Check the region id "cn-hangzhuo"/u,
  },
  'VPC host outside of the VPC': {
    setUp: () => ({
      environment: { ...environment, cache_client_region_id: '[{"regionId":"cn-hangzhou","vpc":true}]' },
      lookup: failingLookup('ENOTFOUND'),
    }),
    line: /^FAIL {2}dns kms-vpc\.\S+: .* This host is reachable only from a VPC in cn-hangzhou\. Elsewhere, use kms\.cn-hangzhou\.aliyuncs\.com\.$/u,
  },
  DNS: {
    setUp: () => ({
      environment: { ...environment, cache_client_region_id: '[{"regionId":"cn-hangzhou"}]' },
      lookup: failingLookup('EAI_AGAIN'),
    }),
    line: /^FAIL {2}dns kms\.cn-hangzhou\.aliyuncs\.com: the DNS server does not respond \(EAI_AGAIN\)\. Check the DNS server\.$/u,
  },
  refused: {
    setUp: async () => ({ environment: { ...environment, ...endpointsAt(await closedAddress()) } }),
    line: /^FAIL {2}tcp 127\.0\.0\.1:\d+: the connection is refused \(ECONNREFUSED\)\. Check the endpoint, the network/u,
  },
  'proxy that is not there': {
    setUp: async () => ({
      environment: { ...environment, HTTPS_PROXY: `http://u:s3cret-pw@${await closedAddress()}` },
    }),
    line: /^FAIL {2}proxy 127\.0\.0\.1:\d+: the connection is refused \(ECONNREFUSED\)\. .*HTTPS_PROXY and NO_PROXY/u,
  },
  'proxy that refuses': {
    setUp: async () => ({ environment: { ...environment, HTTPS_PROXY: await refusingProxy() } }),
    line: /^FAIL {2}secret prod\/db: The proxy \S+ refused to connect to 127\.0\.0\.1:\d+ with status 407\./u,
  },
  'untrusted CA': {
    setUp: () => ({ environment: { ...environment, ...endpointsAt(kms.endpoint('cn-hangzhou').endpoint) } }),
    line: /^FAIL {2}tls \S+: its certificate \(CN=kms\..*\) is issued by an unknown CA \(UNABLE_TO_GET_ISSUER_CERT_LOCALLY\)\. For a KMS instance, set caFilePath/u,
  },
  'certificate of another CA': {
    setUp: () => withCertificate('otherCa'),
    line: /^FAIL {2}tls \S+: its certificate .* has an invalid signature|is issued by an unknown CA/u,
  },
  'ended certificate': {
    setUp: () => withCertificate('expired'),
    line: /^FAIL {2}tls \S+: its certificate .*valid to .*\) or a CA certificate in its chain has expired \(CERT_HAS_EXPIRED\)/u,
  },
  'ended CA': {
    setUp: () => ({ environment, clock: clockAhead(100 * 86_400_000) }),
    line: /^FAIL {2}ca endpoints\[0\] \(cache_client_region_id\): expired on \d{4}-\d\d-\d\d\. Download the new one/u,
    others: 4, // and those of a clock that is 100 days off
  },
  'wrong host name': {
    setUp: () => withCertificate('wrongName'),
    line: /^FAIL {2}tls \S+: its certificate .*kms\.wrong-name\.invalid.* does not match the host name .*Check the endpoint: its host name/u,
  },
  'clock off': {
    setUp: () => ({ environment, clock: clockAhead(20 * 60_000) }),
    line: /^FAIL {2}clock \S+: the clock of this machine is 20 min.* ahead of that of the endpoint; KMS accepts 15 min\. Synchronize it with NTP\.$/u,
    others: 1,
  },
  'secret missing': {
    setUp: () => ({ environment, args: ['prod/bd'] }),
    line: /^FAIL {2}secret prod\/bd: .*Forbidden\.ResourceNotFound\. Check the name, the stage or version, the region and the account\./u,
  },
  'no permission': {
    setUp() {
      kms.put('prod/denied', 's3cret-1');
      kms.deny('prod/denied');
      return { environment, args: ['prod/denied'] };
    },
    line: /^FAIL {2}secret prod\/denied: .*Forbidden\.NoPermission\. Grant the RAM user or role .* kms:GetSecretValue/u,
  },
  'wrong stage': {
    setUp: () => ({ environment, args: ['prod/db', '--stage', 'ACSPrevios'] }),
    line: /^FAIL {2}secret prod\/db: the secret exists, but no version of it has the stage "ACSPrevios"\. The current version v1 has: ACSCurrent\.$/u,
  },
  throttled: {
    setUp() {
      kms.fault({ kind: 'throttle' }, { secretName: 'prod/db' });
      return { environment };
    },
    line: /^FAIL {2}secret prod\/db: .*Rejected\.Throttling\. The request rate exceeds the quota/u,
  },
  'wrong password': {
    setUp() {
      const { keyFile } = kms.createClientKey({ gateway: 'instance', iterations: 1 });
      return { environment: instance({ clientKeyFile: keyFile, password: 's3cret-Wrong1' }) };
    },
    line: /^FAIL {2}configuration endpoints\[0\]: \(cache_client_dkms_config_info\) expected a client key and its password, got .*password/u,
  },
  'EC key': {
    setUp: () => ({ environment: instance({ clientKeyFile: ellipticClientKey(folder), password: 'password-1' }) }),
    line: /^FAIL {2}configuration endpoints\[0\]: .*a key of type ec, expected an RSA key/u,
  },
  'endpoints in code only': {
    setUp: () => ({ environment: without('cache_client_region_id') }),
    line: /^FAIL {2}configuration endpoints: .*This command does not see the options in the code of a program: set them as variables or in the file$/u,
  },
  'broken JSON': {
    setUp() {
      const text = 'ttl=1\ncache_client_region_id=[{"regionId":"cn-hangzhou}]\n';
      writeFileSync(join(folder, 'secretsmanager.properties'), text);
      return { workingDirectory: folder, environment: without('cache_client_region_id') };
    },
    line: /^FAIL {2}configuration cache_client_region_id: \(secretsmanager\.properties:2\) expected a JSON list of regions; invalid JSON at character 28, after "regionId":/u,
    others: 1,
  },
  'GBK file': {
    setUp() {
      const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
      const stage = Buffer.concat([Buffer.from('KMS_SECRETS_STAGE='), Buffer.from([0xb2, 0xe2, 0xca, 0xd4])]); // 测试
      writeFileSync(join(folder, 'gbk.properties'), Buffer.concat([Buffer.from(lines.join('')), stage]));
      return { args: ['prod/db', '--config', join(folder, 'gbk.properties')] };
    },
    line: /^WARN {2}configuration: \S+gbk\.properties:5: KMS_SECRETS_STAGE contains characters outside ASCII, and the file is not UTF-8\..* Save the file as UTF-8/u,
    others: 1,
  },
  'unreadable file': {
    setUp() {
      const { passwordFile } = kms.createClientKey({ gateway: 'instance', iterations: 1 });
      const files = { '/keys/key.json': Object.assign(new Error('denied'), { code: 'EACCES', syscall: 'open' }) };
      return { environment: instance({ clientKeyFile: '/keys/key.json', passwordFromFilePath: passwordFile }), files };
    },
    line: /^FAIL {2}configuration endpoints\[0\]\.clientKeyFile: .* got a file without read permission at \/keys\/key\.json/u,
  },
  'both password sources': {
    setUp() {
      const { keyFile, passwordFile } = kms.createClientKey({ gateway: 'instance', iterations: 1 });
      const passwords = { password: 's3cret-Pw1', passwordFromFilePath: passwordFile };
      return { environment: instance({ clientKeyFile: keyFile, ...passwords }) };
    },
    line: /^WARN {2}configuration: cache_client_dkms_config_info\[0\]\.password \(\S+\) is ignored, because passwordFromFilePath is set\.$/u,
  },
  'ended client key': {
    setUp() {
      const expiresAt = Date.now() - 86_400_000;
      const { keyFile, passwordFile } = kms.createClientKey({ gateway: 'instance', iterations: 1, expiresAt });
      return { environment: instance({ clientKeyFile: keyFile, passwordFromFilePath: passwordFile }) };
    },
    line: /^FAIL {2}client key endpoints\[0\] \(\S+\): expired on \d{4}-\d\d-\d\d\. Create a new one in the KMS console\.$/u,
    others: 1,
  },
  'ended CloudSSO login': {
    setUp: () => ({
      environment: without('credentials_type', 'credentials_access_key_id', 'credentials_access_secret'),
      files: {
        '/nonexistent/.aliyun/config.json': JSON.stringify({
          current: 'sso',
          profiles: [
            {
              name: 'sso',
              mode: 'CloudSSO',
              cloud_sso_sign_in_url: 'https://signin.example/sso',
              cloud_sso_account_id: '1234567890123456',
              cloud_sso_access_config: 'ac-1',
              access_token: 's3cret-token',
              cloud_sso_access_token_expire: 1_700_000_000,
            },
          ],
        }),
      },
    }),
    line: /^FAIL {2}credentials: .*\/nonexistent\/\.aliyun\/config\.json.*the login has ended\. Log in again with `aliyun configure --mode CloudSSO --profile sso`\.$/u,
    others: 1,
  },
  'STS away': {
    setUp: async () => ({
      environment: {
        ...environment,
        credentials_type: 'ram_role',
        credentials_role_arn: 'acs:ram::1234567890123456:role/reader',
        credentials_role_session_name: 'doctor',
        credentials_sts_endpoint: await closedAddress(),
      },
    }),
    line: /^FAIL {2}credentials: Credentials for role acs:ram::\S+: 127\.0\.0\.1:\d+ did not respond \(ECONNREFUSED\)\. Check that this machine can reach it\.$/u,
  },
  'metadata hardened': {
    setUp() {
      kms.metadata.enableHardening();
      redirectMetadata(kms);
      const names = ['credentials_type', 'credentials_access_key_id', 'credentials_access_secret'];
      return {
        environment: { ...without(...names), credentials_type: 'ecs_ram_role', credentials_role_name: 'FakeEcsRole' },
      };
    },
    line: /^FAIL {2}credentials: .*the metadata service 100\.100\.100\.200 responded with status 403\. The instance enforces hardened mode \(IMDSv2\)/u,
  },
  'folder 755': {
    setUp() {
      const path = join(folder, 'open');
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o755);
      return { environment: { ...environment, ...storeAt(path) } };
    },
    line: /^FAIL {2}store file store \S+\/open: .*chmod 700/u,
  },
  'Redis read-only': {
    setUp: async () => ({ environment: { ...environment, ...storeAt(await readOnlyRedis(folder)) } }),
    line: /^FAIL {2}store redis store 127\.0\.0\.1:\d+ \(prefix kms-secrets\): .*(?:READONLY|read-only|replica)/u,
  },
};

describe('names the cause', () => {
  test.each(Object.entries(cases))('%s', async (_, { setUp, line, others = 0 }) => {
    const outcome = await doctor(await setUp());

    const found = findings(outcome);
    expect(found).toEqual(expect.arrayContaining([expect.stringMatching(line)]));
    // A cause that is one of ten lines is not named.
    expect(found.slice(1 + others)).toEqual([]);
    expect(outcome.code).toBe(found.some((each) => each.startsWith('FAIL')) ? 1 : 0);
  });
});

test('prints the checks as JSON', async () => {
  const { code, stdout } = await doctor({ environment, args: ['prod/db', 'prod/bd', '--json'] });

  expect(code).toBe(1);
  const report = JSON.parse(stdout) as { status: string; checks: { check: string; subject: string; status: string }[] };
  expect(report.status).toBe('failed');
  expect(report.checks.filter(({ check }) => check === 'secret')).toMatchObject([
    { subject: 'prod/db', status: 'ok' },
    { subject: 'prod/bd', status: 'failed' },
  ]);
});

test('without a name, checks whether KMS accepts the credentials', async () => {
  const outcome = await doctor({ environment, args: [] });

  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toMatch(/\nok {4}credentials \S+: KMS accepts them\./u);
});

test('warns of a database secret with one account', async () => {
  kms.put('prod/rds', '{"AccountName":"app","AccountPassword":"s3cret-1"}', {
    type: 'Rds',
    extendedConfig: { SecretSubType: 'SingleUser' },
  });
  const outcome = await doctor({ environment, args: ['prod/rds'] });

  expect(outcome.code).toBe(0);
  expect(findings(outcome)).toEqual([expect.stringMatching(/^WARN {2}secret prod\/rds: .*Use two accounts/u)]);
});

test.each([
  ['20.18.3', 1],
  ['21.7.0', 1],
  ['22.11.0', 1],
  ['23.0.0', 1],
  ['20.19.0', 0],
  ['22.12.0', 0],
  ['26.0.0', 0],
])('checks the version %s of Node.js', async (nodeVersion, code) => {
  expect((await doctor({ environment, nodeVersion })).code).toBe(code);
});

test('warns of a clock that differs by minutes', async () => {
  const outcome = await doctor({ environment, clock: clockAhead(-120_000) });

  expect(outcome.code).toBe(0);
  expect(findings(outcome)).toEqual([
    expect.stringMatching(/^WARN {2}clock \S+: .* (?:2 min|1 min 5\d s).* behind that of the endpoint/u),
  ]);
});

test('does not create the folder of a store', async () => {
  const outcome = await doctor({ environment: { ...environment, ...storeAt(join(folder, 'new')) } });

  expect(findings(outcome)).toEqual([expect.stringMatching(/^WARN {2}store \S+\/new: the folder does not exist/u)]);
});

test('reports an endpoint that sends no response, in time', async () => {
  kms.fault({ kind: 'hang' });
  const outcome = await doctor({
    environment: { ...environment, KMS_SECRETS_ATTEMPT_TIMEOUT: '200ms', KMS_SECRETS_CONNECT_TIMEOUT: '200ms' },
  });

  expect(outcome.code).toBe(1);
  expect(findings(outcome)).toEqual([
    expect.stringMatching(/^FAIL {2}secret prod\/db: \S+ sent no response within 200 ms/u),
  ]);
});

function withCertificate(of: 'expired' | 'otherCa' | 'wrongName'): SetUp {
  kms.fault({ kind: 'certificate', of });
  return { environment };
}

function storeAt(location: string): Record<string, string> {
  return { KMS_SECRETS_CLI_STORE: location, KMS_SECRETS_CLI_STORE_KEY: randomBytes(32).toString('hex') };
}
