import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { answerClauses } from './adapter-answers.ts';
import { lifeClauses } from './adapter-life.ts';
import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';

/**
 * What the five routes must do in any framework: `startApp` listens on loopback with an app around the given client.
 *
 * - `GET /secrets/:name` and `POST /secrets/:name/refresh`: `name`, `versionId`, `stale` and the `sha256` of the value
 * - `GET /ready`: 200 once the preloaded names are there
 * - `GET /health`: `status` is `ok`, `degraded` (both 200) or `failing` (503)
 * - `GET /stats`: the numbers of `client.stats()`
 *
 * An error is 503, or 500 if the program is wrong, and its body is `{ code }` and nothing else; `retry-after` says when to come
 * back if it may be over by itself. `errorAnswer`, `healthOf` and `healthAnswer` of core make these answers.
 *
 * What only the framework can decide is left to it: whether an unknown method is a 404 or a 405, what else an answer of
 * `/ready` and `/health` holds, which other headers there are.
 */
export function describeAdapter(name: string, startApp: StartApp): void {
  describeContract(`${name} keeps the adapter contract`, adapterClauses, startApp);
}

export const adapterClauses: readonly Clause<StartApp>[] = [...answerClauses, ...lifeClauses];
