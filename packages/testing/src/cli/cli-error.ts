/** An error that the user of the command can correct. Printed without a stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  /** Exit code 1 for a failure, 2 for wrong usage, as is common for shell commands. */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
