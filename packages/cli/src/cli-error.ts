/** Exit codes besides 0. */
export const exitCodes = {
  /** The command failed: the message says why. */
  failed: 1,
  /** The arguments are wrong. */
  usage: 2,
  /** The reader of the output is gone: 128 + SIGPIPE, as shells report it. */
  brokenPipe: 141,
  // Of `exec`, as of env(1), timeout(1) and docker: what prevented the start of the program.
  /** The secrets could not be read, or the arguments are wrong. */
  notStarted: 125,
  /** The program exists and cannot be started. */
  notExecutable: 126,
  /** The program does not exist. */
  notFound: 127,
} as const;

/** An error whose message is for the person at the terminal. It contains no secret. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The arguments are wrong. `command` is the command whose help explains them. */
export function usageError(message: string, command?: string): CliError {
  const help = ['kms-secrets', command, '--help'].filter((word) => word !== undefined).join(' ');
  return new CliError(`${message}\nSee: ${help}`, exitCodes.usage);
}
