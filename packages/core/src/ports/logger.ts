import { isThenable } from '../secret/is-thenable.ts';

/** The fields of a log line, such as `{ secret: 'prod/db', code: 'ERR_ACCESS_DENIED' }`. Never a secret value. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Receives the log lines of a client: a sentence and, for some, its parts as fields. They never contain a secret value, a key,
 * a signature or a token. `console` is a logger. `debug` and `info` are optional.
 */
export interface Logger {
  debug?(message: string, fields?: LogFields): void;
  info?(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A logger as `guardedLogger` returns it. Without `debug` if the wrapped one has none: each fetch would build a line that is dropped. */
export type GuardedLogger = Logger & Required<Pick<Logger, 'info'>>;

/** The default: a library does not write to the console. */
export const silentLogger: Logger = { warn() {}, error() {} };

/**
 * Wraps a logger so that it cannot affect its caller: if it throws or rejects, only the line is lost. Control characters are
 * replaced by spaces, so that a file name or host name cannot add lines to the log.
 */
export function guardedLogger(logger: Logger): GuardedLogger {
  const guard =
    (level: keyof Logger) =>
    (message: string, fields?: LogFields): void => {
      try {
        const line = message.replaceAll(/\p{Cc}+/gu, ' ');
        // With one argument if there are no fields: `console` would print `undefined`.
        const outcome: unknown = fields === undefined ? logger[level]?.(line) : logger[level]?.(line, fields);
        if (isThenable(outcome)) outcome.then(undefined, () => {});
      } catch {
        // There is nowhere to report the error of a logger.
      }
    };
  const guarded = { info: guard('info'), warn: guard('warn'), error: guard('error') };
  return logger.debug === undefined ? guarded : { ...guarded, debug: guard('debug') };
}
