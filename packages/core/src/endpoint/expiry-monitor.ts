import type { CredentialsRenewal } from '../ports/credentials.ts';
import type { GuardedLogger } from '../ports/logger.ts';
import { safeMessage } from '../secret/errors.ts';
import type { SecretEmitter } from '../secret/events.ts';
import type { ExpiryStatus } from '../secret/status.ts';
import type { Clock } from '../time/clock.ts';
import { describeDuration } from '../time/duration.ts';

export interface ExpiryMonitorParts {
  readonly clock: Clock;
  readonly logger: GuardedLogger;
  readonly events: SecretEmitter;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** A client key or a certificate authority. */
export interface ExpiringItem {
  readonly kind: 'clientKey' | 'ca';
  /** What it is and where it was set, such as `client key of credentials (option)`. Unique. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

interface FailingRenewal {
  readonly error: unknown;
  /** The clock's `now`. */
  readonly since: number;
  readonly expiresAt: number;
}

const day = 86_400_000;

/** A warning is logged when one of these times (ms) is left. */
const notices: readonly number[] = [30 * day, 7 * day, day, 0];

/** Health reports what expires within this time (ms). */
export const expiryNotice: number = 7 * day;

const checkInterval = 3_600_000;

/**
 * Reports the expiry of client keys and certificate authorities while the process runs, and temporary credentials that cannot be
 * renewed. Each is reported before KMS rejects a request.
 */
export class ExpiryMonitor {
  readonly #parts: ExpiryMonitorParts;
  readonly #items = new Map<string, { readonly item: ExpiringItem; notice: number }>();
  readonly #renewals = new Map<string, FailingRenewal>();
  #cancelTimer: (() => void) | undefined;

  constructor(parts: ExpiryMonitorParts) {
    this.#parts = parts;
    parts.closing.addEventListener('abort', () => this.#cancelTimer?.(), { once: true });
  }

  /** Adds an item, or replaces the one of that name. `isLogged`: the caller logs how long it is valid now. */
  track(item: ExpiringItem, { isLogged }: { readonly isLogged: boolean }): void {
    this.#items.set(item.name, { item, notice: isLogged ? this.#noticeOf(item) : Number.POSITIVE_INFINITY });
    this.#check();
    if (this.#cancelTimer === undefined) this.#schedule();
  }

  /** Records the result of a request for temporary credentials. */
  renewed(name: string, { error, expiresIn }: CredentialsRenewal): void {
    const { clock, logger, events } = this.#parts;
    const previous = this.#renewals.get(name);
    if (error === undefined) {
      if (this.#renewals.delete(name)) logger.info(`${name}: renewed again.`, { credentials: name });
      return;
    }
    // Without credentials in use, requests fail, and the failure of the endpoint is reported.
    if (expiresIn === undefined) return;
    const since = previous?.since ?? clock.now();
    this.#renewals.set(name, { error, since, expiresAt: clock.now() + expiresIn });
    if (previous !== undefined) return;
    const message = `${name}: could not be renewed: ${withoutFullStop(safeMessage(error))}. They expire in ${describeDuration(expiresIn)}.`;
    logger.warn(message, { credentials: name, expiresIn });
    events.emit('expiring', { kind: 'credentials', name, expiresIn, message });
  }

  status(): readonly ExpiryStatus[] {
    const { clock } = this.#parts;
    const items = Array.from(this.#items.values(), ({ item: { kind, name, expiresAt } }) => ({
      kind,
      name,
      expiresIn: expiresAt - clock.date(),
      lastFailure: undefined,
      failingFor: undefined,
    }));
    const renewals = Array.from(this.#renewals, ([name, { error, since, expiresAt }]) => ({
      kind: 'credentials' as const,
      name,
      expiresIn: expiresAt - clock.now(),
      lastFailure: safeMessage(error),
      failingFor: clock.now() - since,
    }));
    return [...renewals, ...items];
  }

  #schedule(): void {
    const { clock, closing } = this.#parts;
    if (closing.aborted) return;
    this.#cancelTimer = clock.setUnrefTimer(checkInterval, () => {
      this.#check();
      this.#schedule();
    });
  }

  #check(): void {
    const { clock, logger, events } = this.#parts;
    for (const tracked of this.#items.values()) {
      const { kind, name, expiresAt } = tracked.item;
      const notice = this.#noticeOf(tracked.item);
      if (notice >= tracked.notice) continue;
      tracked.notice = notice;
      const expiresIn = expiresAt - clock.date();
      const date = new Date(expiresAt).toISOString().slice(0, 10);
      const message = `The ${name} ${expiresIn <= 0 ? 'expired' : 'expires'} on ${date}.`;
      if (expiresIn <= 0) logger.error(message, { expiresIn });
      else logger.warn(message, { expiresIn });
      events.emit('expiring', { kind, name, expiresIn, message });
    }
  }

  /** The smallest of `notices` that has been reached. */
  #noticeOf({ expiresAt }: ExpiringItem): number {
    const expiresIn = expiresAt - this.#parts.clock.date();
    return notices.findLast((notice) => expiresIn <= notice) ?? Number.POSITIVE_INFINITY;
  }
}

function withoutFullStop(text: string): string {
  return text.replace(/\.$/u, '');
}
