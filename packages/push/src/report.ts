import type { Clock, LogFields, Logger } from '@kms-secrets/core';

/** After a line, further ones with the same text are counted for this long (ms). */
const quietFor = 60_000;

interface Counted {
  readonly loggedAt: number;
  suppressed: number;
}

/** The maximum of remembered lines. */
const maxLines = 1_000;

/** Log lines that events cause: each text at most once a minute, with the number of those that were left out. */
export class Report {
  readonly #logger: Logger | undefined;
  readonly #clock: Clock;
  readonly #lines = new Map<string, Counted>();

  constructor({ logger, clock }: { readonly logger: Logger | undefined; readonly clock: Clock }) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Returns whether the line was logged. It must not contain text of an event. */
  limited(level: LogLevel, text: string, fields?: LogFields): boolean {
    const last = this.#lines.get(text);
    const now = this.#clock.now();
    if (last !== undefined && now - last.loggedAt < quietFor) {
      last.suppressed += 1;
      return false;
    }
    const count = last?.suppressed ?? 0;
    this.#remember(text, { loggedAt: now, suppressed: 0 });
    this.log(level, count === 0 ? text : `${text} ${count} more since the last line.`, fields);
    return true;
  }

  /** Without a limit. A logger that throws affects nothing. */
  log(level: LogLevel, text: string, fields?: LogFields): void {
    try {
      // With one argument if there are no fields: `console` would print `undefined`.
      if (fields === undefined) this.#logger?.[level]?.(text);
      else this.#logger?.[level]?.(text, fields);
    } catch {
      // There is nowhere to report the error of a logger.
    }
  }

  #remember(text: string, line: Counted): void {
    this.#lines.delete(text);
    for (const oldest of this.#lines.keys()) {
      if (this.#lines.size < maxLines) break;
      this.#lines.delete(oldest);
    }
    this.#lines.set(text, line);
  }
}

type LogLevel = 'info' | 'warn' | 'error';
