import type { Secret } from '../secret/secret.ts';

/**
 * The minimum of a TTL that a secret sets itself (ms). `{"ttl":300}` means seconds; taken as milliseconds it would cause a
 * request every 300 ms.
 */
export const minOwnTtl = 10_000;

/** A secret may set its own TTL up to this (ms): the longest duration that an option accepts. */
const maxOwnTtl = 365 * 86_400_000;

export interface TtlSettings {
  /** The JSON property that holds a secret's own TTL; `false` switches it off. */
  readonly property: string | false;
  /** The lower bound of a secret's own TTL. */
  readonly floor: number;
  /** The TTL configured for this secret. */
  readonly configured: number | undefined;
  readonly defaultTtl: number;
}

export interface EffectiveTtl {
  readonly ttl: number;
  /** The secret's own TTL if it was below the floor and was raised to it. */
  readonly raisedFrom: number | undefined;
}

/** The TTL of a secret: its own, else the one configured for its name, else the default. */
export function ttlOf(secret: Secret, { property, floor, configured, defaultTtl }: TtlSettings): EffectiveTtl {
  const own = property === false ? undefined : ownTtl(secret, property);
  if (own === undefined) return { ttl: configured ?? defaultTtl, raisedFrom: undefined };
  return { ttl: Math.min(Math.max(own, floor), maxOwnTtl), raisedFrom: own < floor ? own : undefined };
}

/**
 * The fetch time and TTL of a secret that a store returned. A secret with an unknown or future fetch time counts as stale,
 * and so does one whose announced rotation date has passed since its fetch.
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

/** Does not use `secret.json()`, which keeps the parsed object: that costs more memory than the text. */
function ownTtl(secret: Secret, property: string): number | undefined {
  const text = ownText(secret);
  if (text === undefined || !text.includes(property)) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !Object.hasOwn(json, property)) return undefined;
    const ttl: unknown = Reflect.get(json, property);
    return typeof ttl === 'number' && Number.isFinite(ttl) && ttl > 0 ? ttl : undefined;
  } catch {
    return undefined; // Most secrets are not JSON.
  }
}

function ownText(secret: Secret): string | undefined {
  try {
    return secret.text();
  } catch {
    return undefined; // A binary secret has no properties.
  }
}
