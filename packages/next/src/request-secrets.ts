import type { Secret } from '@kms-secrets/core';
import { headers } from 'next/headers.js';
import { connection } from 'next/server.js';

/** A secret was asked for where what is made of it would be stored: in the build's output or in a cache. */
export class SecretNotAllowedHereError extends Error {
  override readonly name = 'SecretNotAllowedHereError';
  readonly code = 'ERR_SECRET_NOT_ALLOWED_HERE';
  readonly secretName: string;

  constructor(secretName: string, explanation: string, options?: ErrorOptions) {
    super(`getSecret("${secretName}") was called ${explanation}`, options);
    this.secretName = secretName;
  }
}

const unforce = `Remove \`export const dynamic = 'force-static'\` from this route and from the layouts above it.`;
const whileBuilding = `while \`next build\` renders this route: the secret would be written into the build output. ${unforce}`;
const forEverybody = `while this route is rendered for everybody: the secret would be stored in the cache. ${unforce}`;
const withoutRequest = `where there is no request. Call it in a server component, a route handler or a server action, \
outside of 'use cache', unstable_cache and generateStaticParams; elsewhere, use getSecretClient() of @kms-secrets/next/setup.`;

/** By the headers of a request, of which Next has one object from its beginning to its end. */
const seenBy = new WeakMap<object, Map<string, Secret>>();

/**
 * What the request that is being answered has seen so far.
 *
 * Where there is no request, what is rendered is kept and shown to everybody. So this ends the prerendering of the route, as
 * `connection()` does; rejects with `SecretNotAllowedHereError` where that cannot be; and, because `force-static` makes
 * `connection()` do nothing, looks for the signs of that.
 */
export async function secretsOfRequest(secretName: string): Promise<Map<string, Secret>> {
  try {
    await connection();
  } catch (cause) {
    if (isForTheRenderer(cause)) throw cause;
    const said = cause instanceof Error ? ` Next says: ${cause.message}` : '';
    throw new SecretNotAllowedHereError(secretName, `${withoutRequest}${said}`, { cause });
  }
  const request = await headers();
  const known = seenBy.get(request);
  if (known !== undefined) return known;
  // oxlint-disable-next-line node/no-process-env -- Next's own, and the only way to know; it is no setting
  const isBuilding = process.env['NEXT_PHASE'] === 'phase-production-build';
  if (isBuilding) throw new SecretNotAllowedHereError(secretName, whileBuilding);
  if (request.keys().next().done === true) throw new SecretNotAllowedHereError(secretName, forEverybody);
  const seen = new Map<string, Secret>();
  seenBy.set(request, seen);
  return seen;
}

/**
 * Whether it is how Next tells its own renderer that the route is dynamic: that one must arrive as it is. React knows such an
 * exception by its `digest`, or, if it postpones, by its type. (`unstable_rethrow` would be Next's word for it, but it stands
 * in `next/navigation`, which no package can import in a way that Node and Next's bundlers for route handlers both take.)
 */
function isForTheRenderer(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && ('digest' in thrown || '$$typeof' in thrown);
}
