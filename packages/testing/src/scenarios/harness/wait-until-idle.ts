import type { SecretClient } from '@kms-secrets/core';

import type { FakeKms } from '../../fake-kms/index.ts';
import type { App } from './app-client.ts';

interface Watched {
  readonly kms: FakeKms;
  readonly clients: readonly SecretClient[];
  readonly app: App;
}

/** Real milliseconds after which something is stuck that should not be. */
const patience = 15_000;
/** Turns of the event loop, and real milliseconds, in which what is on its way over a socket must show itself. */
const shortLook = { turns: 4, ms: 0 };
const longLook = { turns: 24, ms: 3 };
/** What stands still for so long is not on its way to the fake: it waits for time to pass. On a busy machine a handshake may. */
const longestLook = { turns: 100, ms: 1_000 };

/**
 * Waits until nothing more will happen without time passing.
 *
 * The clock of a scenario is a fake, its sockets are real: a reply on its way must have come before the clock moves on, or
 * it would seem to have taken the whole time. So this waits until every attempt under way is at the fake KMS and stays
 * there, because the fake was told to let it hang, or waits for company, and nothing that can be counted changes any more.
 */
export async function settled({ kms, clients, app }: Watched): Promise<void> {
  const giveUpAt = performance.now() + patience;
  let seen = '';
  let unchanged = { turns: 0, since: 0 };
  for (;;) {
    // What takes more than a few turns waits for the network of the machine, which could use the processor meanwhile.
    await new Promise((resolve) => (unchanged.turns > longLook.turns ? setTimeout(resolve, 1) : setImmediate(resolve)));
    const endpoints = clients.flatMap((client) => client.describe().endpoints);
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
    unchanged = now === seen ? { ...unchanged, turns: unchanged.turns + 1 } : { turns: 0, since: performance.now() };
    seen = now;
    // A request that waits for no fetch is on its way to the app, or back: a clock that moved on now would pass it by.
    const isOnItsWay = app.openRequests > 0 && fetches === 0;
    const look = isOnItsWay ? longestLook : attempts > 0 || app.openRequests > 0 ? longLook : shortLook;
    const isStill = ({ turns, ms }: typeof look): boolean =>
      unchanged.turns >= turns && performance.now() - unchanged.since >= ms;
    if (isStill(look) && attempts === kms.openRequests) return;
    if (isStill(longestLook) && kms.openRequests === 0) return;
    if (performance.now() > giveUpAt) {
      throw new Error(
        `After ${patience} ms, ${attempts} attempts are under way and ${kms.openRequests} requests open at KMS.`,
      );
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
