/** Something the user of the command can put right; printed as a sentence, without a stack. */
export class Mistake extends Error {
  override readonly name = 'Mistake';
  readonly exitCode: number;

  /** 1 for what went wrong, 2 for a command that was written wrongly, as shells have it. */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
