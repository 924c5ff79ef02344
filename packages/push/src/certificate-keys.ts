import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '@kms-secrets/core';
import { boundedFetch } from './fetch.ts';
import type { Fetch } from './fetch.ts';
import { RateLimit } from './rate-limit.ts';

/** A certificate is loaded again after this time (ms), so that a withdrawn one is not trusted for longer. */
const reloadAfter = 3_600_000;
/** How long a certificate is used while it cannot be loaded again (ms). */
const keepFor = 24 * 3_600_000;
const maxCertificates = 8;
const maxBytes = 16_384;
const timeout = 5_000;
const minKeyBits = 2_048;
/** An attacker may name certificates that do not exist: at most so many requests per second, after a burst. */
const loadsPerSecond = 0.2;
const burst = 5;

interface CertificateKeysParts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly closing: AbortSignal;
}

interface CachedKey {
  readonly key: KeyObject;
  readonly loadedAt: number;
}

/** The public keys of certificates, by their URLs. The caller decides which URLs are trusted. */
export class CertificateKeys {
  readonly #parts: CertificateKeysParts;
  readonly #loads: RateLimit;
  readonly #cached = new Map<string, CachedKey>();
  readonly #pending = new Map<string, Promise<KeyObject>>();

  constructor(parts: CertificateKeysParts) {
    this.#parts = parts;
    this.#loads = new RateLimit({ clock: parts.clock, rate: loadsPerSecond, burst });
  }

  /** Rejects if the certificate cannot be loaded or holds no RSA key of at least 2048 bits. */
  async get(url: string): Promise<KeyObject> {
    const cached = this.#cached.get(url);
    const age = cached === undefined ? Number.POSITIVE_INFINITY : this.#parts.clock.now() - cached.loadedAt;
    if (cached !== undefined && age < reloadAfter) return cached.key;
    try {
      return await this.#loadOnce(url);
    } catch (error) {
      if (cached !== undefined && age < keepFor) return cached.key;
      throw error;
    }
  }

  #loadOnce(url: string): Promise<KeyObject> {
    const pending = this.#pending.get(url);
    if (pending !== undefined) return pending;
    if (!this.#loads.take()) return Promise.reject(new Error('too many certificates were requested'));
    const load = this.#load(url).finally(() => this.#pending.delete(url));
    this.#pending.set(url, load);
    return load;
  }

  async #load(url: string): Promise<KeyObject> {
    const { fetch, clock, closing } = this.#parts;
    const headers = { accept: 'application/x-pem-file, text/plain, */*' };
    const { status, body } = await boundedFetch(fetch, { url, headers }, { clock, maxBytes, timeout, signal: closing });
    if (status !== 200) throw new Error(`the host of the certificate responded with HTTP ${status}`);
    const key = createPublicKey(Buffer.from(body));
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== 'rsa' || bits < minKeyBits) {
      throw new Error(`the certificate has no RSA key of at least ${minKeyBits} bits`);
    }
    this.#cache(url, key);
    return key;
  }

  #cache(url: string, key: KeyObject): void {
    this.#cached.delete(url);
    for (const oldest of this.#cached.keys()) {
      if (this.#cached.size < maxCertificates) break;
      this.#cached.delete(oldest);
    }
    this.#cached.set(url, { key, loadedAt: this.#parts.clock.now() });
  }
}
