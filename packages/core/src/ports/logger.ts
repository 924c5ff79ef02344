/** Where a client says what it does, in sentences that never hold a value, a key, a signature or a token. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** The default: a library has no business on anybody's console. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A logger that cannot hurt its caller: one that throws, or rejects, loses its line and nothing else. What is said is one line,
 * whatever is in the name of a file or a host.
 */
export function guardedLogger(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        const outcome: unknown = logger[level](message.replaceAll(/\p{Cc}+/gu, ' '));
        if (outcome instanceof Promise) outcome.catch(() => {});
      } catch {
        // There is nobody left to tell.
      }
    };
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}
