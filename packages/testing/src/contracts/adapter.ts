import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { lifecycleClauses } from './adapter-lifecycle.ts';
import { responseClauses } from './adapter-responses.ts';
import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';

/**
 * Tests an app in any framework against the adapter contract. `startApp` starts an app with five routes around the given
 * client, listening on loopback:
 *
 * - `GET /secrets/:name` and `POST /secrets/:name/refresh`: `name`, `versionId`, `stale` and the `sha256` of the value
 * - `GET /ready`: 200 once the preloaded secrets are available
 * - `GET /health`: `status` is `ok`, `degraded` (both 200) or `failing` (503)
 * - `GET /stats`: the numbers of `client.stats()`
 *
 * An error response is 503, or 500 for a programming error, with the body `{ code }`. A transient error has a `retry-after`
 * header. `errorResponse`, `client.health()` and `healthResponse` of `@kms-secrets/core` produce these responses.
 *
 * The framework decides whether an unknown method is a 404 or a 405, and which other headers and body fields there are.
 */
export function describeAdapter(name: string, startApp: StartApp): void {
  describeContract(`${name} meets the adapter contract`, adapterClauses, startApp);
}

export const adapterClauses: readonly Clause<StartApp>[] = [...responseClauses, ...lifecycleClauses];
