import type { Secret } from '../secret/secret.ts';

/**
 * The minimum of a TTL that a secret sets itself (ms). `{"ttl":300}` means seconds; taken as milliseconds it would cause a
 * request every 300 ms.
 */
export const minOwnTtl = 10_000;

/** As long as can be set in an option: a secret that asks for more is meant to be kept, not never to be looked at again. */
const longestTtl = 365 * 86_400_000;

/** Why a secret is kept as long as it is. */
export interface TtlChoice {
  readonly ttl: number;
  /** Set if the secret asked for less than the floor, which it then got. */
  readonly raisedFrom: number | undefined;
}

/** How long a secret is kept: what it says itself, else what was set for its name, else the client's TTL. */
export function ttlOf(
  secret: Secret,
  choice: {
    /** The property that holds a secret's own TTL; `false`: none does. */
    readonly property: string | false;
    readonly floor: number;
    readonly named: number | undefined;
    readonly usual: number;
  },
): TtlChoice {
  const own = choice.property === false ? undefined : ownTtl(secret, choice.property);
  if (own === undefined) return { ttl: choice.named ?? choice.usual, raisedFrom: undefined };
  return { ttl: Math.min(Math.max(own, choice.floor), longestTtl), raisedFrom: own < choice.floor ? own : undefined };
}

/**
 * Since when a stored secret counts, and for how long it is fresh. One from times to come is old: how old, nobody knows. So
 * is one that KMS was to rotate since it was fetched.
 */
export function timesOf(
  found: { readonly secret: Secret; readonly fetchedAt: number | undefined },
  { usual, now, date }: { readonly usual: number; readonly now: number; readonly date: number },
): { readonly fetchedAt: number; readonly ttl: number } {
  const fetchedAt = found.fetchedAt ?? now - usual;
  const rotatesAt = now + ((found.secret.rotation?.nextAt ?? Number.POSITIVE_INFINITY) - date);
  const isRotated = rotatesAt > fetchedAt && rotatesAt <= now;
  return { fetchedAt, ttl: isRotated ? Math.min(usual, now - fetchedAt) : usual };
}

/**
 * Parsed here and thrown away, not through `secret.json()`, which would keep the result: an object beside the text costs
 * more memory than the text.
 */
function ownTtl(secret: Secret, property: string): number | undefined {
  const text = textOf(secret);
  if (text === undefined || !text.includes(property)) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !Object.hasOwn(json, property)) return undefined;
    const ttl: unknown = Reflect.get(json, property);
    return typeof ttl === 'number' && Number.isFinite(ttl) && ttl > 0 ? ttl : undefined;
  } catch {
    return undefined; // Most secrets are no JSON, and need not be.
  }
}

function textOf(secret: Secret): string | undefined {
  try {
    return secret.text();
  } catch {
    return undefined; // A binary secret has no properties.
  }
}
