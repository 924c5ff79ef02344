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
import { parseSecrets, readSecretsText } from './secrets-file.ts';
import { watchFile } from './secrets-watch.ts';
import type { FileWatch } from './secrets-watch.ts';
import { serveEvents } from './served-events.ts';
import { ServedSecrets } from './served-secrets.ts';
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
export async function main(invocation: Invocation): Promise<number> {
  const { argv, stdout, stderr } = invocation;
  try {
    const command = parseArguments(argv);
    if (command === 'help') stdout.write(usage);
    else await serve(command, invocation);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    stderr.write(`fake-kms: ${error.message}\n`);
    return error.exitCode;
  }
}

async function serve(command: ServeCommand, { stdout, stderr, stop }: Invocation): Promise<void> {
  const text = readSecretsText(command.file);
  const entries = parseSecrets(command.file, text);
  await using kms = await startFakeKms(command.options).catch((error: unknown) => {
    throw new CliError(`The fake KMS could not be started: ${messageOf(error)}`);
  });
  const secrets = new ServedSecrets({ kms });
  secrets.putAll(entries);
  using files = new GeneratedFiles({ directory: undefined });
  await using events = await serveEvents(kms, command.events);
  await using admin = command.isAdmin ? await startAdmin(kms) : undefined;
  const { identity, propertiesFile } = writeSettings(kms, command, files);
  const watching = command.isWatching ? watchSecrets({ file: command.file, text, secrets, stdout, stderr }) : undefined;
  try {
    // A signal can arrive while the keys are generated.
    if (stop.aborted) return;
    const stopped = once(stop, 'abort');
    const extraCa = usesSts(command.identity) ? kms.caFilePath : undefined;
    const started = { count: secrets.count, identity, propertiesFile, extraCa, adminUrl: admin?.url };
    stdout.write(readyText(kms, { ...started, eventLines: events.lines }));
    await stopped;
  } finally {
    watching?.close();
  }
}

function writeSettings(
  kms: FakeKms,
  command: ServeCommand,
  files: GeneratedFiles,
): { identity: FakeIdentity; propertiesFile: string } {
  const identity = createIdentity(kms, command.identity, files);
  try {
    return { identity, propertiesFile: kms.writeProperties(command.propertiesFile, identity) };
  } catch (error) {
    throw new CliError(`The settings could not be written: ${messageOf(error)}`);
  }
}

interface WatchedFile {
  readonly file: string;
  /** The text that is served now. */
  readonly text: string;
  readonly secrets: ServedSecrets;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
}

/** Serves edits of the file. Reports an invalid file and continues with the secrets that it had before. */
function watchSecrets({ file, text, secrets, stdout, stderr }: WatchedFile): FileWatch {
  let latest = text;
  const report = (message: string): void => {
    stderr.write(`fake-kms: ${message} The previous secrets are still served.\n`);
  };
  const reload = (): void => {
    try {
      const edited = readSecretsText(file);
      // The directory also changes when other files in it do.
      if (edited === latest) return;
      latest = edited;
      const result = secrets.update(parseSecrets(file, edited));
      const changes = (['rotated', 'added', 'removed'] as const)
        .filter((change) => result[change].length > 0)
        .map((change) => `${change} ${result[change].join(', ')}`);
      if (changes.length > 0) stdout.write(`# fake-kms read ${file} again: ${changes.join('; ')}\n`);
      for (const message of result.errors) stderr.write(`fake-kms: ${message} Its previous version is still served.\n`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      report(error.message);
    }
  };
  return watchFile(file, reload, (error) => report(error.message));
}

interface Started {
  readonly count: number;
  readonly identity: FakeIdentity;
  readonly propertiesFile: string;
  /** The CA file that Node itself must trust, if any. */
  readonly extraCa: string | undefined;
  readonly adminUrl: string | undefined;
  /** Comments about the events. */
  readonly eventLines: readonly string[];
}

function readyText(kms: FakeKms, started: Started): string {
  const { count, identity, propertiesFile, extraCa, adminUrl, eventLines } = started;
  const isPlainHttp = kms.endpoints.every(({ url }) => url.startsWith('http:'));
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
    ...(isPlainHttp ? [] : [`# CA certificates: ${kms.caFilePath}`]),
    ...eventLines,
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
