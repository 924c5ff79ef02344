import type { SecretClient } from '@kms-secrets/core';

import type { FakeKms } from '../../fake-kms/index.ts';
import type { AppClient } from './app-client.ts';

interface Observed {
  readonly kms: FakeKms;
  readonly clients: readonly SecretClient[];
  readonly app: AppClient;
}

/** How long the observed counters must stay unchanged, in event loop turns and real milliseconds. */
interface QuietPeriod {
  readonly turns: number;
  readonly ms: number;
}

/** No request is open. */
const quietWhenIdle: QuietPeriod = { turns: 4, ms: 0 };
/** Data may be in flight over a socket. */
const quietWithOpenRequests: QuietPeriod = { turns: 24, ms: 3 };
/** The attempts are not the open requests: a batch collects its secrets, or a handshake is in progress. */
const quietWithUnsentRequests: QuietPeriod = { turns: 100, ms: 100 };
/** The machine resolves a name, opens a connection or passes data to the app. After this, only the clock can move it. */
const quietOnBusyMachine: QuietPeriod = { turns: 100, ms: 1_000 };
/**
 * Event loop turns between two looks at the counters, a divisor of the turns above. A look costs more than a turn, and misses
 * nothing that happened since the last one: the counters only grow.
 */
const turnsPerLook = 4;
/** Real milliseconds after which the wait is given up. */
const timeout = 30_000;

/**
 * Waits until nothing more happens before the clock moves.
 *
 * The clock of a scenario is fake, its sockets are real. A response in flight must arrive before the clock moves, or it
 * would seem to have taken that time. The wait ends when no counter changes any more and every attempt is held by the fake
 * KMS (an injected hang), or after a longer quiet period.
 */
export async function waitUntilIdle({ kms, clients, app }: Observed): Promise<void> {
  const deadline = performance.now() + timeout;
  let last = '';
  let unchanged = { turns: 0, since: 0 };
  for (;;) {
    // After some turns, sleep: the kernel needs the processor to deliver what is in flight.
    const isPolling = unchanged.turns <= quietWithOpenRequests.turns;
    for (let turn = 0; turn < turnsPerLook; turn += 1) await nextTurn(isPolling);
    const endpoints = clients.flatMap((client) => client.describe({ secrets: false }).endpoints);
    const attempts = sum(endpoints.map(({ inFlight }) => inFlight));
    const stats = clients.map((client) => client.stats());
    const fetches = sum(stats.map(({ inFlight }) => inFlight));
    const now = JSON.stringify([
      endpoints,
      stats,
      kms.requests.length,
      kms.openRequests,
      kms.handshakes,
      app.openRequests,
    ]);
    unchanged =
      now === last ? { ...unchanged, turns: unchanged.turns + turnsPerLook } : { turns: 0, since: performance.now() };
    last = now;
    const isQuietFor = ({ turns, ms }: QuietPeriod): boolean =>
      unchanged.turns >= turns && performance.now() - unchanged.since >= ms;
    // An open request without a fetch is in flight to or from the app; a clock that moved now would overtake it.
    const isInFlight = app.openRequests > 0 && fetches === 0;
    const hasOpenRequests = attempts > 0 || app.openRequests > 0;
    const quiet = isInFlight ? quietOnBusyMachine : hasOpenRequests ? quietWithOpenRequests : quietWhenIdle;
    // The numbers differ for a batch, which is one request with an attempt for each of its secrets.
    const isAtKms = attempts === kms.openRequests;
    if (isQuietFor(isAtKms ? quiet : quietWithUnsentRequests) && (isAtKms || !isConnecting())) return;
    if (isQuietFor(quietOnBusyMachine)) return;
    if (performance.now() > deadline) {
      throw new Error(
        `Still busy after ${timeout} ms: ${attempts} attempts in flight, ${kms.openRequests} requests open at KMS.`,
      );
    }
  }
}

function nextTurn(isPolling: boolean): Promise<void> {
  return new Promise((resolve) => (isPolling ? setImmediate(resolve) : setTimeout(resolve, 1)));
}

/** Whether a name lookup or a connect is pending: both wait for the machine, not for this process. */
function isConnecting(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((resource) => resource === 'GetAddrInfoReqWrap' || resource === 'TCPConnectWrap');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
