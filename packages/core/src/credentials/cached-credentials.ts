import type { Clock } from '../time/clock.ts';
import type { CredentialsProvider } from '../ports/credentials.ts';
import { FetchFailure } from '../ports/transport.ts';

/** The token is left out where there is none, as a provider's answer wants it. */
export interface ProviderCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** Credentials as their issuer gave them out, and how long they are good for. */
export interface IssuedCredentials {
  readonly credentials: ProviderCredentials;
  /** Milliseconds from when they were asked for; `undefined` where nobody says. */
  readonly lifetime: number | undefined;
}

export interface CachedCredentialsOptions {
  /** Who is asked, for a message: `STS (sts.aliyuncs.com)`. */
  readonly source: string;
  readonly fetch: () => Promise<IssuedCredentials>;
  readonly clock: Clock;
}

/** Credentials in memory, by `clock.now()`. */
interface CachedEntry {
  readonly credentials: ProviderCredentials;
  /** From here on the first caller starts a renewal that nobody waits for. */
  readonly refreshAt: number;
  /** From here on callers wait for the renewal, and get these only if it fails. */
  readonly staleAt: number;
  readonly expiresAt: number;
}

/** Where nobody says how long credentials are good for, their issuer is asked again after so long: reading a file or a variable. */
const unknownLifetime = 300_000;

/** Credentials end this much before their lifetime does, or a fifth of it: KMS's clock is not ours, and a request takes time. */
const largestMargin = 300_000;

/** Longer than the library waits for anything (it has no bound on a reply that drips). */
const longestIssue = 15_000;

/** A refusal is told to whoever asks within this time without asking again: ten retries of ten reads are one request to STS. */
const failureLasts = 1_000;

/**
 * Credentials that somebody issues for a time: asked for once for all callers, kept until near their end, and renewed before
 * it by the first caller that comes by then. There is no timer, so an idle process asks nobody, and nothing needs closing.
 *
 * By age and not by date: the issuer tells the lifetime by its own clock, and ours may be wrong.
 */
export class CachedCredentials implements CredentialsProvider {
  readonly #parts: CachedCredentialsOptions;
  #held: CachedEntry | undefined;
  #flight: Promise<ProviderCredentials> | undefined;
  #failure: { readonly error: unknown; readonly until: number } | undefined;

  constructor(parts: CachedCredentialsOptions) {
    this.#parts = parts;
  }

  async getCredential(): Promise<ProviderCredentials> {
    const held = this.#held;
    const now = this.#parts.clock.now();
    if (held !== undefined && now < held.staleAt) {
      if (now >= held.refreshAt) this.#renew().catch(() => undefined); // told to the first who must wait
      return held.credentials;
    }
    try {
      return await this.#renew();
    } catch (error) {
      if (held !== undefined && this.#held === held && this.#parts.clock.now() < held.expiresAt)
        return held.credentials;
      throw error;
    }
  }

  /** KMS does not take these any more: they are not handed out again. */
  discard(accessKeyId: string): boolean {
    if (this.#held?.credentials.accessKeyId === accessKeyId) this.#held = undefined;
    return true;
  }

  #renew(): Promise<ProviderCredentials> {
    const failure = this.#failure;
    if (failure !== undefined && this.#parts.clock.now() < failure.until) return Promise.reject(failure.error);
    this.#flight ??= this.#ask().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #ask(): Promise<ProviderCredentials> {
    const { clock } = this.#parts;
    const askedAt = clock.now();
    try {
      const { credentials, lifetime } = await this.#issueInTime();
      this.#held = this.#hold(credentials, askedAt, lifetime);
      this.#failure = undefined;
      return credentials;
    } catch (error) {
      this.#failure = { error, until: clock.now() + failureLasts };
      throw error;
    }
  }

  #issueInTime(): Promise<IssuedCredentials> {
    const { clock, fetch: issue, source: issuer } = this.#parts;
    return new Promise((resolve, reject) => {
      const callOff = clock.setUnrefTimer(longestIssue, () => {
        const message = `${issuer} gave no credentials within ${longestIssue} ms. Check the network between here and there.`;
        reject(new FetchFailure('unreachable', message, { code: 'ETIMEDOUT' }));
      });
      issue().then(resolve, reject).finally(callOff);
    });
  }

  #hold(credentials: ProviderCredentials, askedAt: number, lifetime: number | undefined): CachedEntry {
    if (lifetime === undefined) {
      const staleAt = askedAt + 2 * unknownLifetime;
      return { credentials, refreshAt: askedAt + unknownLifetime, staleAt, expiresAt: staleAt };
    }
    const margin = Math.min(largestMargin, lifetime / 5);
    const endsAt = askedAt + lifetime;
    // At random, for a fleet that was started together.
    const early = margin * (0.5 + this.#parts.clock.random() / 2);
    return { credentials, refreshAt: endsAt - margin - early, staleAt: endsAt - margin, expiresAt: endsAt };
  }
}
