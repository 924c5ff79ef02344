import type { Clock } from '../time/clock.ts';
import type { CredentialsRenewal, HoldingProvider } from '../ports/credentials.ts';
import { FetchFailure } from '../ports/transport.ts';
import { RunningTimer } from '../time/running-timer.ts';

/** What `getCredential` resolves to. `securityToken` is absent, never `undefined`: `CredentialsProvider` requires that. */
export interface ProviderCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** Credentials and their lifetime, as their source issued them. */
export interface IssuedCredentials {
  readonly credentials: ProviderCredentials;
  /** Milliseconds from the request to the expiry; `undefined` if the source does not report one. */
  readonly lifetime: number | undefined;
}

/** Options of `CachedCredentials`. */
export interface CachedCredentialsOptions {
  /** The subject of error messages, such as `Credentials for role acs:ram::1:role/reader`. */
  readonly source: string;
  /** Requests credentials from their source. */
  readonly fetch: () => Promise<IssuedCredentials>;
  readonly clock: Clock;
  /** Called after each request, with the error if it failed. */
  readonly onRenewal?: ((renewal: CredentialsRenewal) => void) | undefined;
}

/** Times are the clock's `now`. */
interface CachedEntry {
  readonly credentials: ProviderCredentials;
  /** From this time on, the first caller starts a refresh in the background. */
  readonly refreshAt: number;
  /** From this time on, callers wait for the refresh and get these credentials only if it fails. */
  readonly staleAt: number;
  readonly expiresAt: number;
}

/** The refresh interval (ms) for a source that reports no lifetime, such as a file or environment variables. */
const defaultRefreshInterval = 300_000;

/**
 * Credentials are stale this long before they expire (ms), at most a fifth of their lifetime: the clock of KMS may be ahead, and a
 * request takes time.
 */
const maxExpiryMargin = 300_000;

/** The timeout of a fetch (ms). The library's own timeouts are shorter, but do not limit a response that arrives byte by byte. */
const fetchTimeout = 15_000;

/** How long an error is cached (ms), so that ten retries of ten reads result in one request to STS. */
const failureTtl = 1_000;

/**
 * Caches temporary credentials. All callers share one request. The first caller near the expiry starts a refresh. There is no
 * timer: an idle process sends no requests, and nothing has to be closed.
 *
 * Ages are measured with `clock.now()`, not with the calendar: the calendar of this machine may be wrong.
 */
export class CachedCredentials implements HoldingProvider {
  readonly #options: CachedCredentialsOptions;
  #entry: CachedEntry | undefined;
  #inFlight: Promise<ProviderCredentials> | undefined;
  #failure: { readonly error: unknown; readonly until: number } | undefined;

  constructor(options: CachedCredentialsOptions) {
    this.#options = options;
  }

  held(): ProviderCredentials | undefined {
    const entry = this.#entry;
    const now = this.#options.clock.now();
    if (entry === undefined || now >= entry.staleAt) return undefined;
    // An error is reported to the first caller that has to wait for a refresh.
    if (now >= entry.refreshAt) this.#refresh().catch(() => undefined);
    return entry.credentials;
  }

  async getCredential(): Promise<ProviderCredentials> {
    const held = this.held();
    if (held !== undefined) return held;
    const entry = this.#entry;
    try {
      return await this.#refresh();
    } catch (error) {
      const isValid = entry !== undefined && this.#entry === entry && this.#options.clock.now() < entry.expiresAt;
      if (isValid) return entry.credentials;
      throw error;
    }
  }

  /** Evicts credentials that KMS no longer accepts. Always returns `true`: the next call fetches new ones. */
  discard(accessKeyId: string): boolean {
    if (this.#entry?.credentials.accessKeyId === accessKeyId) this.#entry = undefined;
    return true;
  }

  #refresh(): Promise<ProviderCredentials> {
    const failure = this.#failure;
    if (failure !== undefined && this.#options.clock.now() < failure.until) return Promise.reject(failure.error);
    this.#inFlight ??= this.#fetch().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #fetch(): Promise<ProviderCredentials> {
    const { clock } = this.#options;
    const requestedAt = clock.now();
    try {
      const { credentials, lifetime } = await this.#fetchWithTimeout();
      if (lifetime !== undefined && lifetime <= 0) throw this.#expiredFailure();
      this.#entry = this.#newEntry(credentials, requestedAt, lifetime);
      this.#failure = undefined;
      this.#options.onRenewal?.({ error: undefined, expiresIn: lifetime });
      return credentials;
    } catch (error) {
      this.#failure = { error, until: clock.now() + failureTtl };
      this.#options.onRenewal?.({ error, expiresIn: this.#expiresIn() });
      throw error;
    }
  }

  /** Milliseconds until the credentials in use expire. */
  #expiresIn(): number | undefined {
    return this.#entry && Math.max(this.#entry.expiresAt - this.#options.clock.now(), 0);
  }

  #fetchWithTimeout(): Promise<IssuedCredentials> {
    const { clock, fetch, source } = this.#options;
    return new Promise((resolve, reject) => {
      const onTimeout = (): void => {
        const message = `${source}: no credentials within ${fetchTimeout} ms. Check the network to the credentials service.`;
        reject(new FetchFailure('unreachable', message, { code: 'ETIMEDOUT' }));
      };
      const timer = new RunningTimer({ clock }, fetchTimeout, onTimeout);
      fetch()
        .then(resolve, reject)
        .finally(() => timer.clear());
    });
  }

  /** An outage of the issuer. KMS would reject the credentials as if they were wrong. */
  #expiredFailure(): FetchFailure {
    const message = `${this.#options.source}: the issuer returned credentials that have expired. Check the service that issues them, and the clock of this machine. The next request may succeed.`;
    return new FetchFailure('unavailable', message);
  }

  #newEntry(credentials: ProviderCredentials, requestedAt: number, lifetime: number | undefined): CachedEntry {
    if (lifetime === undefined) {
      const staleAt = requestedAt + 2 * defaultRefreshInterval;
      return { credentials, refreshAt: requestedAt + defaultRefreshInterval, staleAt, expiresAt: staleAt };
    }
    const margin = Math.min(maxExpiryMargin, lifetime / 5);
    const expiresAt = requestedAt + lifetime;
    const staleAt = expiresAt - margin;
    // Jitter, so that processes that start at the same moment do not refresh at the same moment.
    const lead = margin * (0.5 + this.#options.clock.random() / 2);
    return { credentials, refreshAt: staleAt - lead, staleAt, expiresAt };
  }
}
