import type { LogFields, Logger } from './logger.ts';

/** A kind of line that is logged for each secret. */
export interface LineKind {
  readonly level: keyof Logger;
  /** What happened to how many secrets, such as `4999 more secrets could not be refreshed`. */
  readonly summary: (count: number) => string;
}

/** The part of a `Clock` that the log uses. */
interface Timers {
  readonly setUnrefTimer: (ms: number, task: () => void) => () => void;
}

interface Window {
  count: number;
  readonly names: string[];
  cancelTimer: () => void;
}

/** The time (ms) after a line of a kind during which the others of this kind are counted. */
const windowLength = 10_000;

/** The maximum of names in a summary. */
const maxNames = 5;

/**
 * Bounds the log during an outage: of each kind of line, the first is logged at once, and those of the next ten seconds as one summary.
 * An outage with 5,000 secrets causes two lines of a kind instead of 5,000.
 */
export class AggregatedLog {
  readonly #clock: Timers;
  readonly #logger: Logger;
  readonly #windows = new Map<LineKind, Window>();

  constructor(clock: Timers, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** `fields.secret` is the name of the secret. */
  add(kind: LineKind, message: string, fields: LogFields & { readonly secret: string }): void {
    const window = this.#windows.get(kind);
    if (window === undefined) {
      this.#log(kind, message, fields);
      this.#open(kind);
      return;
    }
    window.count += 1;
    if (window.names.length < maxNames) window.names.push(fields.secret);
  }

  /** Logs the summaries that are due, and cancels the timers. */
  close(): void {
    for (const [kind, window] of this.#windows) {
      window.cancelTimer();
      this.#summarize(kind, window);
    }
    this.#windows.clear();
  }

  #open(kind: LineKind): void {
    const cancelTimer = this.#clock.setUnrefTimer(windowLength, () => this.#end(kind));
    this.#windows.set(kind, { count: 0, names: [], cancelTimer });
  }

  #end(kind: LineKind): void {
    const window = this.#windows.get(kind);
    this.#windows.delete(kind);
    if (window === undefined || window.count === 0) return;
    this.#summarize(kind, window);
    this.#open(kind);
  }

  #summarize(kind: LineKind, { count, names }: Window): void {
    if (count === 0) return;
    const examples = names.map((name) => `"${name}"`).join(', ');
    const sentence = `${kind.summary(count)} within ${windowLength / 1_000} s`;
    this.#log(kind, `${sentence}, such as ${examples}.`, { secrets: count });
  }

  #log({ level }: LineKind, message: string, fields: LogFields): void {
    this.#logger[level]?.(message, fields);
  }
}

/** `1 more secret`, `2 more secrets`. */
export function moreSecrets(count: number): string {
  return count === 1 ? '1 more secret' : `${count} more secrets`;
}
