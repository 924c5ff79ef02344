import { errorCode } from '@kms-secrets/core/internal';
import { safeMessage, suggestion } from '@kms-secrets/core/internal';
import { commandHelp, overview } from './arguments/help.ts';
import { parseCommandArguments, shown } from './arguments/parse.ts';
import { ParsedArguments } from './arguments/command.ts';
import type { CommandSpec } from './arguments/command.ts';
import { CliError, exitCodes, usageError } from './cli-error.ts';
import { commands } from './commands.ts';
import { write } from './host.ts';
import type { Host } from './host.ts';

declare const KMS_SECRETS_VERSION: string;

/** Runs one command line. Returns the exit code. Errors are written to standard error and never contain a value. */
export async function main(host: Host, argv: readonly string[]): Promise<number> {
  const spec = findCommand(argv);
  try {
    if (spec === undefined) return await withoutCommand(host, argv);
    return await runCommand(host, spec, argv.slice(spec.name.split(' ').length));
  } catch (error) {
    // The reader of the output is gone, which is how `| head` ends a program; or the terminal is.
    if (isGone(error)) return exitCodes.brokenPipe;
    const text = error instanceof CliError ? error.message : safeMessage(error);
    await write(host.stderr, `kms-secrets: ${text}\n`).catch(() => undefined);
    const exitCode = error instanceof CliError ? error.exitCode : exitCodes.failed;
    // `exec` has exit codes of its own for what its program did not cause.
    return spec?.failureExitCode !== undefined && exitCode <= exitCodes.usage ? spec.failureExitCode : exitCode;
  }
}

/** The command with the most words: `fake rotate` before `fake`. */
function findCommand(words: readonly string[]): CommandSpec | undefined {
  const named = (count: number): CommandSpec | undefined =>
    commands.find(({ name }) => name === words.slice(0, count).join(' '));
  return named(2) ?? named(1);
}

async function runCommand(host: Host, spec: CommandSpec, argv: readonly string[]): Promise<number> {
  if (spec.isRaw === true) {
    const raw = new ParsedArguments({ positionals: argv, rest: undefined, values: new Map() });
    return (await spec.load()).run(host, raw);
  }
  const args = parseCommandArguments(spec, argv);
  if (args.has('help')) {
    await write(host.stdout, commandHelp(spec));
    return 0;
  }
  const command = await spec.load();
  return command.run(host, args);
}

async function withoutCommand(host: Host, [name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || ['--help', '-h', 'help'].includes(name)) {
    const spec = name === 'help' ? findCommand(rest) : undefined;
    await write(
      name === undefined ? host.stderr : host.stdout,
      spec === undefined ? overview(commands) : commandHelp(spec),
    );
    return name === undefined ? exitCodes.usage : 0;
  }
  if (name === '--version' || name === '-V') {
    await write(host.stdout, `${version()}\n`);
    return 0;
  }
  const known = commands.map((each) => each.name);
  const what = name.startsWith('-') ? 'Unknown option' : 'Unknown command';
  throw usageError(`${what} "${shown(name)}"${suggestion(name, known) || `. Commands: ${known.join(', ')}.`}`);
}

/** The bundler defines the version; tests run the sources. */
function version(): string {
  return typeof KMS_SECRETS_VERSION === 'string' ? KMS_SECRETS_VERSION : '0.0.0';
}

function isGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EPIPE' || code === 'EIO' || code === 'ERR_STREAM_DESTROYED';
}
