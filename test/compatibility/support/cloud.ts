import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeIdentity, FakeKms } from '@kms-secrets/testing';
import { startConnectProxy } from './connect-proxy.ts';
import type { ConnectProxy } from './connect-proxy.ts';

/** The credentials that every setting is tried with: one for each transport and each source of credentials. */
export const identities = ['access key', 'RAM role', 'client key', 'client key of an instance'] as const;
export type Identity = (typeof identities)[number];

/** A secret of one program, so that programs can run side by side. */
export interface CloudSecret {
  readonly name: string;
  /** Digests of the value before and after `rotate`, in the form that fixtures print. */
  readonly firstDigest: string;
  readonly rotatedDigest: string;
  rotate(): void;
}

/** The folder that a program is started in, and the variables it needs. */
export interface Deployment extends AsyncDisposable {
  /** Has a `secretsmanager.properties` and nothing else. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A fake KMS with a region, an instance, STS and a proxy. */
export interface Cloud extends AsyncDisposable {
  readonly kms: FakeKms;
  readonly proxy: ConnectProxy;
  /** Creates a secret, and one named `<name>-denied` that is denied. Without a name, each has another. */
  createSecret(name?: string): CloudSecret;
  /** A folder with the settings of an identity. `settings` are further lines of the file. */
  deploy(identity: Identity, settings?: Readonly<Record<string, string>>): Promise<Deployment>;
}

const roleArn = 'acs:ram::1234567890123456:role/reader';

export async function startCloud(): Promise<Cloud> {
  const kms = await startFakeKms({ instances: ['kst-fake0001'], quota: false });
  const proxy = await startConnectProxy();
  kms.sts.addRole({ arn: roleArn });
  const clientKey = kms.createClientKey({ gateway: 'both' });
  const settingsOf: Readonly<Record<Identity, FakeIdentity>> = {
    'access key': {},
    'RAM role': { roleArn },
    'client key': { clientKey },
    'client key of an instance': { instanceKey: clientKey },
  };
  return {
    kms,
    proxy,
    createSecret: (name) => createSecret(kms, name),
    deploy: async (identity, settings = {}) => {
      const folder = await mkdtemp(join(tmpdir(), 'deployed-'));
      const further = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
      const properties = kms.properties(settingsOf[identity]) + further.join('');
      await writeFile(join(folder, 'secretsmanager.properties'), properties);
      return {
        folder,
        // The properties name the CA of KMS. For STS, Node must trust it.
        env: identity === 'RAM role' ? { NODE_EXTRA_CA_CERTS: kms.caFilePath } : {},
        [Symbol.asyncDispose]: async () => {
          await chmod(folder, 0o700); // a test may have removed its own permissions
          await rm(folder, { recursive: true });
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await kms.close();
    },
  };
}

function createSecret(kms: FakeKms, name = `db-${randomUUID()}`): CloudSecret {
  const [first, rotated] = [`s3cret-${randomUUID()}`, `s3cret-${randomUUID()}`];
  kms.put(name, first);
  kms.put(`${name}-denied`, `s3cret-${randomUUID()}`);
  kms.deny(`${name}-denied`);
  return {
    name,
    firstDigest: digest(first),
    rotatedDigest: digest(rotated),
    rotate: () => void kms.rotate(name, { value: rotated }),
  };
}

/** Fixtures print this in place of a value. */
function digest(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 16);
}
