// @ts-check
import { ttl } from '../environment.mjs';
import { formatCount, formatMs, formatSeconds } from '../output.mjs';
import { ServiceLoads } from '../service-loads.mjs';
import { assert } from '../step.mjs';
import { untilFresh } from '../until-fresh.mjs';

// Longer than the TTL, so that every service has to refresh the secret while KMS throttles.
const duration = ttl + 1_500;

/** @type {import('../step.mjs').Step} */
export const throttling = {
  title: `Throttling: KMS responds with 429 to every request for ${formatSeconds(duration)}`,

  async run({ kms, services, secret, output, signal }) {
    await kms.clearRequests();
    await kms.throttle();
    const loads = await ServiceLoads.run({ services, secret, signal, output }, duration);
    const throttled = (await kms.requests()).filter(({ status }) => status === 429).length;
    await kms.heal();
    loads.assertNoneFailed();
    assert(throttled > 0, 'KMS received no request, so it could not throttle any.');
    loads.assertOnlyValue(secret.sha256);
    const recoveries = await untilFresh({ services, secret, signal });
    output.table(
      ['service', 'reads', 'failed', 'stale', 'p99 latency', 'fresh again after'],
      loads.all.map(({ service, load }, index) => [
        service.name,
        formatCount(load.reads),
        formatCount(load.failed),
        formatCount(load.stale),
        formatMs(load.p99),
        formatSeconds(recoveries[index] ?? Number.NaN),
      ]),
    );
    return `Throttling: 0 of ${formatCount(loads.reads)} reads failed, ${formatCount(loads.stale)} returned the cached value as stale; KMS throttled ${throttled} requests`;
  },
};
