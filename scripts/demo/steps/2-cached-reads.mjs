// @ts-check
import { counted, millis } from '../narrator.mjs';
import { SideBySide } from '../side-by-side.mjs';
import { hold } from '../step.mjs';

/** @type {import('../step.mjs').Step} */
export const cachedReads = {
  title: 'From then on it is read from memory: KMS is not asked',

  async play({ kms, services, secret, preloaded, narrator, signal }) {
    narrator.detail('warming up');
    await SideBySide.during({ services, secret, signal }, 1_000); // the services' code is compiled by then
    // All are young now, so that none comes due before the reads end.
    await Promise.all(services.flatMap((service) => [service.refresh(secret.name), service.refresh(preloaded.name)]));
    await kms.clearRequests();
    const loads = await SideBySide.during({ services, secret, signal }, 2_000);
    const { length } = await kms.requests();
    loads.holdNoneFailed();
    narrator.table(
      ['service', 'reads', 'per second', 'p99'],
      loads.all.map(({ service, load }) => [
        service.name,
        counted(load.reads),
        counted(load.perSecond),
        millis(load.p99),
      ]),
    );
    hold(length === 0, `KMS was asked ${length} times meanwhile.`);
    return `0 requests to KMS, 0 of ${counted(loads.reads)} reads over HTTP failed`;
  },
};
