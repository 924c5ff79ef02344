// @ts-check
import { formatCount, formatMs } from '../output.mjs';
import { ServiceLoads } from '../service-loads.mjs';
import { assert } from '../step.mjs';

/** @type {import('../step.mjs').Step} */
export const cachedReads = {
  title: 'Cached reads: further reads are served from memory, without requests to KMS',

  async run({ kms, services, secret, preloaded, output, signal }) {
    output.detail('warming up for 1 s');
    await ServiceLoads.run({ services, secret, signal }, 1_000);
    // Refresh everything now, so that no refresh is due before the reads end.
    await Promise.all(services.flatMap((service) => [service.refresh(secret.name), service.refresh(preloaded.name)]));
    await kms.clearRequests();
    const loads = await ServiceLoads.run({ services, secret, signal }, 2_000);
    const { length: requests } = await kms.requests();
    loads.assertNoneFailed();
    output.table(
      ['service', 'reads', 'reads/s', 'p99 latency'],
      loads.all.map(({ service, load }) => [
        service.name,
        formatCount(load.reads),
        formatCount(load.perSecond),
        formatMs(load.p99),
      ]),
    );
    assert(requests === 0, `KMS received ${requests} requests during the reads.`);
    return `Cached reads: 0 requests to KMS; 0 of ${formatCount(loads.reads)} reads failed`;
  },
};
