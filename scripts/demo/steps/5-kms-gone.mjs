// @ts-check
import { counted, millis, seconds } from '../narrator.mjs';
import { SideBySide } from '../side-by-side.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';

// Longer than the TTL, so that there is nothing left but the old value.
const outage = ttl + 2_000;

/** @type {import('../step.mjs').Step} */
export const kmsGone = {
  title: `KMS is gone for ${seconds(outage)}: its port is closed`,

  async play({ kms, services, secret, narrator, signal }) {
    // What a read takes on this machine while all is well: it may be a busy one.
    const before = await SideBySide.during({ services, secret, signal }, 1_000);
    await kms.goAway();
    const loads = await SideBySide.during({ services, secret, signal, narrator }, outage);
    loads.holdNoneFailed();
    loads.holdOnly(secret.sha256);
    narrator.table(
      ['service', 'reads', 'failed', 'served old', 'p99 before', 'p99', 'slowest'],
      loads.all.map(({ service, load }, index) => [
        service.name,
        counted(load.reads),
        counted(load.failed),
        counted(load.stale),
        millis(before.all[index]?.load.p99 ?? Number.NaN),
        millis(load.p99),
        millis(load.slowest),
      ]),
    );
    for (const [index, { service, load }] of loads.all.entries()) {
      hold(load.stale > 0, `${service.name} served nothing as old, though the TTL was over and KMS gone.`);
      // With a value in memory nobody waits for a KMS that is not there: not the seconds of a timeout, nor of a retry.
      const bound = 250 + 2 * (before.all[index]?.load.p99 ?? 0);
      hold(load.p99 < bound, `One read in a hundred of ${service.name} took ${millis(load.p99)} and more.`);
    }
    return `0 of ${counted(loads.reads)} reads failed, ${counted(loads.stale)} were served old and marked so`;
  },
};
