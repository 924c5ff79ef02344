import type { Secret } from '../secret/secret.ts';

/**
 * The minimum of a TTL inside a secret (ms). A user who writes `{"ttl":300}` means seconds; taken as milliseconds, it would
 * cause a request every 300 ms.
 */
export const minOwnTtl: number = 10_000;

/** The maximum of a TTL inside a secret (ms): the longest duration that an option accepts. */
export const maxOwnTtl: number = 365 * 86_400_000;

/** Times are in milliseconds. */
export interface TtlSettings {
  /** The JSON property that holds the TTL inside a secret; `false` ignores such properties. */
  readonly property: string | false;
  /** The lower bound of a TTL inside a secret. */
  readonly floor: number;
  /** The TTL that is configured for the name. */
  readonly configured: number | undefined;
  readonly defaultTtl: number;
}

export interface EffectiveTtl {
  readonly ttl: number;
  /** The TTL inside the secret, if it was below the floor and was raised to it. */
  readonly raisedFrom: number | undefined;
}

/** Returns the TTL inside the secret; else the one configured for its name; else the default. */
export function ttlOf(secret: Secret, { property, floor, configured, defaultTtl }: TtlSettings): EffectiveTtl {
  const own = property === false ? undefined : ownTtl(secret, property);
  if (own === undefined) return { ttl: configured ?? defaultTtl, raisedFrom: undefined };
  return { ttl: Math.min(Math.max(own, floor), maxOwnTtl), raisedFrom: own < floor ? own : undefined };
}

/**
 * Returns the fetch time and TTL of a secret from a store. A secret counts as stale if its fetch time is unknown or in the future,
 * or if an announced rotation date has passed since its fetch.
 */
export function storedTimes(
  found: { readonly secret: Secret; readonly fetchedAt: number | undefined },
  { ttl, now, date }: { readonly ttl: number; readonly now: number; readonly date: number },
): { readonly fetchedAt: number; readonly ttl: number } {
  const fetchedAt = found.fetchedAt ?? now - ttl;
  const rotatesAt = now + ((found.secret.rotation?.nextAt ?? Number.POSITIVE_INFINITY) - date);
  const isRotated = rotatesAt > fetchedAt && rotatesAt <= now;
  return { fetchedAt, ttl: isRotated ? Math.min(ttl, now - fetchedAt) : ttl };
}

/** Does not use `secret.json()`, which keeps the parsed object: it needs more memory than the text. */
function ownTtl(secret: Secret, property: string): number | undefined {
  const text = ownText(secret);
  if (text === undefined || !text.includes(property)) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !Object.hasOwn(json, property)) return undefined;
    const ttl: unknown = Reflect.get(json, property);
    return typeof ttl === 'number' && Number.isFinite(ttl) && ttl > 0 ? ttl : undefined;
  } catch {
    return undefined; // not JSON
  }
}

function ownText(secret: Secret): string | undefined {
  try {
    return secret.text();
  } catch {
    return undefined; // a binary secret
  }
}
