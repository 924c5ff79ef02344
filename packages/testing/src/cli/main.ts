import { once } from 'node:events';

import { startAdmin } from '../fake-kms/admin/admin.ts';
import type { FakeIdentity } from '../fake-kms/client-settings.ts';
import type { FakeKms } from '../fake-kms/fake-kms.ts';
import { GeneratedFiles } from '../fake-kms/generated-files.ts';
import { startFakeKms } from '../fake-kms/start-fake-kms.ts';
import { parseArguments, usage } from './arguments.ts';
import type { ServeCommand } from './arguments.ts';
import { CliError } from './cli-error.ts';
import { createIdentity, usesSts } from './identities.ts';
import { readSecretsFile } from './secrets-file.ts';
import type { SecretEntry } from './secrets-file.ts';
import { exportLines } from './shell.ts';
import { isError } from '@kms-secrets/core';

/** An output stream, such as `process.stdout`. */
export interface TextStream {
  write(text: string): unknown;
}

export interface Invocation {
  readonly argv: readonly string[];
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Stops the command. */
  readonly stop: AbortSignal;
}

/** The command `fake-kms`: serves a file of secrets until it is stopped. Returns the exit code. Never prints a value. */
export async function main({ argv, stdout, stderr, stop }: Invocation): Promise<number> {
  try {
    const command = parseArguments(argv);
    if (command === 'help') stdout.write(usage);
    else await serve(command, stdout, stop);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    stderr.write(`fake-kms: ${error.message}\n`);
    return error.exitCode;
  }
}

async function serve(command: ServeCommand, stdout: TextStream, stop: AbortSignal): Promise<void> {
  const secrets = readSecretsFile(command.file);
  await using kms = await startFakeKms(command.options).catch((error: unknown) => {
    throw new CliError(`The fake KMS could not be started: ${messageOf(error)}`);
  });
  putAll(kms, secrets);
  const admin = command.isAdmin ? await startAdmin(kms) : undefined;
  const files = new GeneratedFiles({ directory: undefined });
  try {
    const identity = createIdentity(kms, command.identity, files);
    const propertiesFile = kms.writeProperties(command.propertiesFile, identity);
    const extraCa = usesSts(command.identity) ? kms.caFilePath : undefined;
    stdout.write(readyText(kms, { count: secrets.length, identity, propertiesFile, extraCa, adminUrl: admin?.url }));
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
      throw new CliError(`The secret ${JSON.stringify(name)} is invalid: ${messageOf(error)}`);
    }
  }
}

interface Started {
  readonly count: number;
  readonly identity: FakeIdentity;
  readonly propertiesFile: string;
  /** The CA file that Node itself must trust, if any. */
  readonly extraCa: string | undefined;
  readonly adminUrl: string | undefined;
}

function readyText(kms: FakeKms, { count, identity, propertiesFile, extraCa, adminUrl }: Started): string {
  const lines = [
    '# Paste these lines into the shell that starts your program:',
    ...exportLines(kms.environment(identity)),
    ...optionalExports('# Or, for @kms-secrets, this line, which names a file with the same settings:', {
      // The settings for a credentials URI are environment variables, which the properties file cannot contain.
      KMS_SECRETS_CONFIG_FILE: identity.useCredentialsUri === true ? undefined : propertiesFile,
    }),
    ...optionalExports('# In both cases also this line, because the STS client has no option for a CA file:', {
      NODE_EXTRA_CA_CERTS: extraCa,
    }),
    ...optionalExports('# The admin API, to control the fake from another process:', { FAKE_KMS_ADMIN: adminUrl }),
    `# STS: ${kms.sts.url}, ECS metadata: ${kms.metadata.url}, credentials URI: ${kms.credentialsUri.url}`,
    `# fake-kms is ready: ${count} secret${count === 1 ? '' : 's'} at ${kms.endpoints.map(({ url }) => url).join(', ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The comment and the settings that are defined. Empty if none is. */
function optionalExports(comment: string, settings: Readonly<Record<string, string | undefined>>): readonly string[] {
  const defined = Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return defined.length === 0 ? [] : [comment, ...exportLines(Object.fromEntries(defined))];
}

function messageOf(error: unknown): string {
  return isError(error) ? error.message : 'unknown error';
}
