import { safeMessage } from '../secret/errors.ts';
import { isThenable } from '../secret/is-thenable.ts';
import type { Logger } from './logger.ts';

/** A function of the user, and how its results are checked. */
export interface PlugInParts<Args extends readonly unknown[], Result> {
  /** The option, for log lines: `retry.backoff`. */
  readonly option: string;
  readonly call: (...args: Args) => unknown;
  /** Validates a result other than `undefined`. Returns `undefined` for an invalid one. */
  readonly parse: (result: unknown) => Result | undefined;
  /** What `parse` accepts, for the log line. */
  readonly expected: string;
  readonly logger: Logger;
}

/**
 * Calls a function of the user that replaces a decision of the client. If the function throws or returns something invalid, the
 * client decides itself. The first such call is logged.
 */
export class PlugIn<Args extends readonly unknown[], Result> {
  readonly #parts: PlugInParts<Args, Result>;
  #hasWarned = false;

  constructor(parts: PlugInParts<Args, Result>) {
    this.#parts = parts;
  }

  /** Returns the result of the function, which may be `undefined`, in an object. Returns `undefined` if the call failed. */
  run(...args: Args): { readonly result: Result | undefined } | undefined {
    const { call, parse, expected } = this.#parts;
    try {
      const result = call(...args);
      if (result === undefined) return { result };
      if (isThenable(result)) {
        result.then(undefined, () => {});
        this.#warn(`returned a promise; expected ${expected}`);
        return undefined;
      }
      const parsed = parse(result);
      if (parsed !== undefined) return { result: parsed };
      this.#warn(`returned an invalid value; expected ${expected}`);
    } catch (error) {
      this.#warn(`failed: ${safeMessage(error)}`);
    }
    return undefined;
  }

  #warn(problem: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { option, logger } = this.#parts;
    logger.warn(`${option} ${problem}. The default applies. Further failures of ${option} are not logged.`);
  }
}
