import { chmod, copyFile, cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { nodeBinary } from './support/binaries.ts';
import { identities, startCloud } from './support/cloud.ts';
import type { Cloud } from './support/cloud.ts';
import { startConnectProxy } from './support/connect-proxy.ts';
import { forwardIpv6, hasIpv6 } from './support/ipv6.ts';
import { runProgram } from './support/program.ts';
import { expectReads } from './support/reader.ts';
import type { ReaderProgram } from './support/reader.ts';
import { readmeBlock } from './support/readme.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';

const node = process.execPath;
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

let cloud: Cloud;
/** A copy of the project that every user may read. */
let app: string;
let reader: string;
/** The folder of the CA file and of the client key's files. */
let keyFolder: string;
beforeAll(async () => {
  cloud = await startCloud();
  const project = await usersProject('environment', { files: join(import.meta.dirname, 'fixtures/reader') });
  app = await mkdtemp(join(tmpdir(), 'app-'));
  await chmod(app, 0o755);
  await cp(project.directory, app, { recursive: true });
  reader = join(app, 'reader.mjs');
  keyFolder = dirname(cloud.kms.caFilePath);
  await chmod(keyFolder, 0o755);
  for (const name of await readdir(keyFolder)) await chmod(join(keyFolder, name), 0o644);
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await rm(app, { recursive: true });
});

/** Fails unless the program reads with every identity. */
async function expectAllRead(program: Partial<ReaderProgram>): Promise<void> {
  const withDefaults = { command: node, args: [reader], ...program };
  await Promise.all(identities.map((identity) => expectReads(cloud, identity, withDefaults)));
}

function runs(setting: string, run: () => Promise<void>, { versions = '', remark = 'works' } = {}): void {
  supports({ area: 'Operating environment', setting, versions, remark }, run);
}

/** Replaces text in the properties file. */
function editProperties(edit: (text: string) => string): (folder: string) => Promise<void> {
  return async (folder) => {
    const file = join(folder, 'secretsmanager.properties');
    await writeFile(file, edit(await readFile(file, 'utf8')));
  };
}

runs(
  'a user that may not enter the working directory',
  async () => {
    const configFolder = await mkdtemp(join(tmpdir(), 'config-'));
    await chmod(configFolder, 0o755);
    await Promise.all(
      identities.map(async (identity) => {
        const configFile = join(configFolder, `${identity}.properties`);
        await expectReads(cloud, identity, {
          // Root enters every folder, so it runs the program as a user that does not. Others lock themselves out.
          ...(isRoot
            ? { command: node, args: [reader], user: nobody }
            : {
                command: 'sh',
                args: ['-c', 'chmod 000 .; exec "$@"', 'sh', node, reader],
              }),
          env: { KMS_SECRETS_CONFIG_FILE: configFile },
          prepare: async (folder) => {
            await copyFile(join(folder, 'secretsmanager.properties'), configFile);
            await chmod(configFile, 0o644);
          },
        });
      }),
    );
    await rm(configFolder, { recursive: true });
  },
  { remark: 'works; name the configuration file in `KMS_SECRETS_CONFIG_FILE`, or set everything in code' },
);

/** Makes every file system read-only, fails if a file can still be written, and starts a program. */
const onReadOnlyRoot = `
for mount in $(cut -d ' ' -f 5 /proc/self/mountinfo); do mount -o remount,bind,ro "$mount" 2>/dev/null; done
if touch "$PWD/written" 2>/dev/null; then echo 'A file could be written.'; exit 9; fi
exec "$@"`;

runs(
  'a read-only root file system',
  async () => {
    const inNamespace = ['-rm', 'sh', '-c', onReadOnlyRoot, 'sh'];
    const { code } = await runProgram('unshare', [...inNamespace, 'true'], { cwd: app }).catch(() => ({ code: 1 }));
    // Where this user may not mount: a folder and a user without write permission.
    const mode = { prepare: (folder: string) => chmod(folder, 0o555), ...(isRoot && { user: nobody }) };
    const program =
      code === 0
        ? { command: 'unshare', args: [...inNamespace, node, reader] }
        : { command: 'sh', args: ['-c', onReadOnlyRoot, 'sh', node, reader], ...mode };

    await expectAllRead(program);
    await expectAllRead({ ...program, env: { READER_STORE: 'store' } });
  },
  { remark: 'works; a file store is skipped with `store` events' },
);

/** The flags of the README of core, with the folders of this test. */
const permissionFlags = (): string[] =>
  readmeBlock('core', 'Restricted environments', '--permission')
    .replaceAll('/var/cache/app', './store')
    .replaceAll('/app/* ', `${app}/* --allow-fs-read=./* `)
    .replaceAll('/etc/kms', keyFolder)
    .replace(' app.js', '')
    .split(/[\s\\]+/u)
    .slice(1, -1);
for (const [version, first, ...rest] of [
  ['20.19.6', '--experimental-permission'],
  ['22.23.3', '--permission'],
  ['24.21.0', '--permission'],
  ['26.10.0', '--permission', '--allow-net'],
] as const)
  runs(
    `Node.js's permission model, Node.js ${version}`,
    async () => {
      const command = await nodeBinary(version);
      const files = permissionFlags().filter((flag) => flag.startsWith('--allow-fs-'));
      const flags = [first, ...rest, ...files];
      await expectAllRead({ command, args: [...flags, reader], withFileStore: true });

      // The store may not be written: the client reads without it.
      const withoutStore = flags.filter((flag) => !flag.includes('store'));
      await expectAllRead({ command, args: [...withoutStore, reader], env: { READER_STORE: 'store' } });
    },
    {
      versions: `Node.js ${version}`,
      remark: `works with \`${[first, ...rest].join(' ')}\` and the flags in the README of core`,
    },
  );

runs('--tls-min-v1.3', () => expectAllRead({ args: ['--tls-min-v1.3', reader] }));
runs('--tls-max-v1.2', () => expectAllRead({ args: ['--tls-max-v1.2', reader] }));

runs('IPv6 only', async () => {
  const prepare = editProperties((text) => text.replaceAll('127.0.0.1', '[::1]'));
  if (await hasIpv6()) {
    const ports = [...cloud.kms.endpoints, cloud.kms.sts].map(({ endpoint }) => Number(endpoint.split(':').at(-1)));
    const forwarders = await Promise.all(ports.map((port) => forwardIpv6(port)));
    await expectAllRead({ prepare });
    await Promise.all(forwarders.map((forwarder) => forwarder[Symbol.asyncDispose]()));
  } else {
    // The addresses, certificates and signatures are those of IPv6; only the proxy's own connections are not.
    await using proxy = await startConnectProxy('127.0.0.1', '127.0.0.1');
    await expectAllRead({ prepare, env: { HTTPS_PROXY: proxy.url } });
  }
});

for (const variable of ['HTTPS_PROXY', 'https_proxy'])
  for (const family of ['IPv4', 'IPv6'])
    runs(`${variable}, a proxy with an ${family} address`, async () => {
      // Without IPv6, the IPv4 address as IPv6 has it.
      const ipv6 = (await hasIpv6()) ? '::1' : '::ffff:127.0.0.1';
      await using proxy = await startConnectProxy(family === 'IPv6' ? ipv6 : '127.0.0.1');
      await expectAllRead({ env: { [variable]: proxy.url } });
      expect(proxy.tunnels).toBeGreaterThan(identities.length); // one for each endpoint, and one for STS
    });

for (const variable of ['NO_PROXY', 'no_proxy'])
  runs(variable, async () => {
    await using proxy = await startConnectProxy();
    await expectAllRead({ env: { HTTPS_PROXY: proxy.url, [variable]: '127.0.0.1' } });
    expect(proxy.tunnels).toBe(0);
  });

runs(
  'NODE_USE_ENV_PROXY=1',
  async () => {
    await using proxy = await startConnectProxy();
    await expectAllRead({
      command: await nodeBinary('24.21.0'),
      env: { HTTPS_PROXY: proxy.url, NODE_USE_ENV_PROXY: '1' },
    });
    expect(proxy.tunnels).toBeGreaterThan(identities.length);
  },
  { versions: 'Node.js 24.21.0' },
);

/** Without `caFilePath`: as with the public certificates of KMS, Node.js decides which CAs to trust. */
const withoutCaFile = editProperties((text) => text.replaceAll(/,"caFilePath":"[^"]*"/gu, ''));
runs('NODE_EXTRA_CA_CERTS', () =>
  expectAllRead({ prepare: withoutCaFile, env: { NODE_EXTRA_CA_CERTS: cloud.kms.caFilePath } }),
);
for (const flag of ['--use-openssl-ca', '--use-system-ca'])
  runs(
    `NODE_OPTIONS=${flag}`,
    async () =>
      expectAllRead({
        command: await nodeBinary('24.21.0'),
        prepare: withoutCaFile,
        env: { NODE_EXTRA_CA_CERTS: '', NODE_OPTIONS: flag, SSL_CERT_FILE: cloud.kms.caFilePath },
      }),
    { versions: 'Node.js 24.21.0' },
  );

runs('no HOME and no TMPDIR', () =>
  expectAllRead({ command: 'env', args: ['-u', 'HOME', '-u', 'TMPDIR', node, reader], withFileStore: true }),
);
runs('TZ=Pacific/Kiritimati, LC_ALL=tr_TR.UTF-8', () =>
  expectAllRead({ env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' } }),
);
runs('LC_ALL=ar_EG.UTF-8', () => expectAllRead({ env: { LC_ALL: 'ar_EG.UTF-8', LANG: 'ar_EG.UTF-8' } }));
runs('32 open files (ulimit -n 32)', () =>
  expectAllRead({ command: 'sh', args: ['-c', 'ulimit -n 32; exec "$@"', 'sh', node, reader], withFileStore: true }),
);
