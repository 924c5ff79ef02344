import type { Secret } from '@kms-secrets/core';
import { headers } from 'next/headers.js';
import { connection } from 'next/server.js';
import { isError } from '@kms-secrets/core';

const errorIndex = 'https://kms-secrets.github.io/kms-secrets/errors';

/** A secret was read where Next would store the rendered result: in the build output or in a cache. */
export class SecretNotAllowedHereError extends Error {
  override readonly name = 'SecretNotAllowedHereError';
  readonly code = 'ERR_SECRET_NOT_ALLOWED_HERE';
  readonly secretName: string;

  constructor(secretName: string, explanation: string, options?: ErrorOptions) {
    super(
      `getSecret("${secretName}") was called ${explanation} See ${errorIndex}#err_secret_not_allowed_here`,
      options,
    );
    this.secretName = secretName;
  }
}

const removeForceStatic = `Remove \`export const dynamic = 'force-static'\` from this route and from the layouts above it.`;
const duringBuild = `while \`next build\` renders this route: the secret would be written into the build output. ${removeForceStatic}`;
const intoCache = `while this route is rendered for the cache: the secret would be stored and sent to every visitor. ${removeForceStatic}`;
const outsideRequest = `outside of a request. Call it in a server component, a route handler or a server action, \
not inside 'use cache', unstable_cache or generateStaticParams; elsewhere, use getSecretClient() of @kms-secrets/next/setup.`;

/** By the headers of a request: Next keeps one object for the whole request. */
const secretsByHeaders = new WeakMap<object, Map<string, Secret>>();

/**
 * The secrets that the current request has read so far.
 *
 * Outside of a request, Next stores what it renders and serves it to every visitor. Therefore this stops the prerendering of the
 * route, as `connection()` does, and rejects with `SecretNotAllowedHereError` where that is impossible. Under `force-static`,
 * `connection()` does nothing, so the build phase and missing request headers are checked as well.
 */
export async function secretsOfRequest(secretName: string): Promise<Map<string, Secret>> {
  try {
    await connection();
  } catch (cause) {
    if (isRendererSignal(cause)) throw cause;
    const nextMessage = isError(cause) ? ` Next says: ${cause.message}` : '';
    throw new SecretNotAllowedHereError(secretName, `${outsideRequest}${nextMessage}`, { cause });
  }
  const request = await headers();
  const present = secretsByHeaders.get(request);
  if (present !== undefined) return present;
  // oxlint-disable-next-line node/no-process-env -- set by Next; there is no other way to know that this is a build
  const isBuilding = process.env['NEXT_PHASE'] === 'phase-production-build';
  if (isBuilding) throw new SecretNotAllowedHereError(secretName, duringBuild);
  if (request.keys().next().done === true) throw new SecretNotAllowedHereError(secretName, intoCache);
  const secrets = new Map<string, Secret>();
  secretsByHeaders.set(request, secrets);
  return secrets;
}

/**
 * Whether Next threw this to tell its renderer that the route is dynamic: such an exception must pass unchanged. React recognises
 * it by its `digest` or, if it postpones, by its type. (`unstable_rethrow` does the same, but `next/navigation` cannot be imported
 * in a way that works both in Node and in Next's bundlers for route handlers.)
 */
function isRendererSignal(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && ('digest' in thrown || '$$typeof' in thrown);
}
