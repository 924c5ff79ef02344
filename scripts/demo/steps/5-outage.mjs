// @ts-check
import { ttl } from '../environment.mjs';
import { formatCount, formatMs, formatSeconds } from '../output.mjs';
import { ServiceLoads } from '../service-loads.mjs';
import { assert } from '../step.mjs';

// Longer than the TTL, so that the cached value expires during the outage.
const duration = ttl + 2_000;

/** @type {import('../step.mjs').Step} */
export const outage = {
  title: `Outage: KMS is unavailable for ${formatSeconds(duration)} (its port is closed)`,

  async run({ kms, services, secret, output, signal }) {
    // The latency on this machine without an outage, for comparison.
    const before = await ServiceLoads.run({ services, secret, signal }, 1_000);
    await kms.stop();
    const loads = await ServiceLoads.run({ services, secret, signal, output }, duration);
    loads.assertNoneFailed();
    loads.assertOnlyValue(secret.sha256);
    output.table(
      ['service', 'reads', 'failed', 'stale', 'p99 before', 'p99 latency', 'maximum'],
      loads.all.map(({ service, load }, index) => [
        service.name,
        formatCount(load.reads),
        formatCount(load.failed),
        formatCount(load.stale),
        formatMs(before.all[index]?.load.p99 ?? Number.NaN),
        formatMs(load.p99),
        formatMs(load.maxLatency),
      ]),
    );
    for (const [index, { service, load }] of loads.all.entries()) {
      assert(load.stale > 0, `${service.name} marked no value as stale, although the TTL ended during the outage.`);
      // Reads of a cached value must not wait for timeouts or retries, which take seconds.
      const limit = 250 + 2 * (before.all[index]?.load.p99 ?? 0);
      assert(
        load.p99 < limit,
        `The p99 latency of ${service.name} was ${formatMs(load.p99)}, expected less than ${formatMs(limit)}.`,
      );
    }
    return `Outage: 0 of ${formatCount(loads.reads)} reads failed, ${formatCount(loads.stale)} returned the cached value as stale`;
  },
};
