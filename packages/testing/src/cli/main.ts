import { once } from 'node:events';

import { startAdmin } from '../fake-kms/admin/admin.ts';
import { startFakeKms } from '../fake-kms/fake-kms.ts';
import type { FakeIdentity } from '../fake-kms/client-settings.ts';
import type { FakeKms } from '../fake-kms/fake-kms.ts';
import { Files } from '../fake-kms/generated-files.ts';
import { readArguments, usage } from './arguments.ts';
import type { ServeCommand } from './arguments.ts';
import { asksSts, makeIdentity } from './identities.ts';
import { Mistake } from './cli-error.ts';
import { readSecretsFile } from './secrets-file.ts';
import type { SecretEntry } from './secrets-file.ts';
import { exportLines } from './shell.ts';

/** Somewhere to write text: `process.stdout`, or what a test collects. */
export interface TextStream {
  write(text: string): unknown;
}

export interface Invocation {
  readonly argv: readonly string[];
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Ends the command in good order. */
  readonly stop: AbortSignal;
}

/** The command `fake-kms`: serves a file of secrets until it is stopped. Returns the exit code; prints no value, ever. */
export async function main({ argv, stdout, stderr, stop }: Invocation): Promise<number> {
  try {
    const command = readArguments(argv);
    if (command === 'help') stdout.write(usage);
    else await serve(command, stdout, stop);
    return 0;
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    stderr.write(`fake-kms: ${error.message}\n`);
    return error.exitCode;
  }
}

async function serve(command: ServeCommand, stdout: TextStream, stop: AbortSignal): Promise<void> {
  const secrets = readSecretsFile(command.file);
  await using kms = await startFakeKms(command.options).catch((error: unknown) => {
    throw new Mistake(`KMS could not be started: ${sentenceOf(error)}`);
  });
  putAll(kms, secrets);
  const admin = command.isAdmin ? await startAdmin(kms) : undefined;
  const files = new Files({ directory: undefined });
  try {
    const identity = makeIdentity(kms, command.identity, files);
    const propertiesFile = kms.writeProperties(command.propertiesFile, identity);
    const extraCa = asksSts(command.identity) ? kms.caFilePath : undefined;
    stdout.write(announcement(kms, { count: secrets.length, identity, propertiesFile, extraCa, adminUrl: admin?.url }));
    if (!stop.aborted) await once(stop, 'abort');
  } finally {
    files.remove();
    await admin?.close();
  }
}

function putAll(kms: FakeKms, secrets: readonly SecretEntry[]): void {
  for (const { name, value, options } of secrets) {
    try {
      kms.put(name, value, options);
    } catch (error) {
      throw new Mistake(`The secret ${JSON.stringify(name)} is refused: ${sentenceOf(error)}`);
    }
  }
}

interface Started {
  readonly count: number;
  readonly identity: FakeIdentity;
  readonly propertiesFile: string;
  /** What Node itself has to trust, if anything. */
  readonly extraCa: string | undefined;
  readonly adminUrl: string | undefined;
}

function announcement(kms: FakeKms, { count, identity, propertiesFile, extraCa, adminUrl }: Started): string {
  const lines = [
    '# Paste these into the shell that starts your program:',
    ...exportLines(kms.environment(identity)),
    ...commented('# Or this, which names a file with the same settings for @kms-secrets:', {
      // The variables of the library are no settings of a file.
      KMS_SECRETS_CONFIG_FILE: identity.useCredentialsUri === true ? undefined : propertiesFile,
    }),
    ...commented('# In any case this, since STS is asked by a library that takes no certificate authority:', {
      NODE_EXTRA_CA_CERTS: extraCa,
    }),
    ...commented('# Drive the fake from another process:', { FAKE_KMS_ADMIN: adminUrl }),
    `# STS is at ${kms.sts.url}, ECS metadata at ${kms.metadata.url}, temporary keys at ${kms.credentialsUri.url}`,
    `# fake-kms is ready: ${count} secret${count === 1 ? '' : 's'} at ${kms.endpoints.map(({ url }) => url).join(', ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Nothing, where there is nothing to set. */
function commented(comment: string, setting: Readonly<Record<string, string | undefined>>): readonly string[] {
  const set = Object.entries(setting).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? [] : [comment, ...exportLines(Object.fromEntries(set))];
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : 'for no reason given.';
}
