// @ts-check
import { untilFresh } from '../fresh.mjs';
import { counted, millis, seconds } from '../narrator.mjs';
import { SideBySide } from '../side-by-side.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';

// Longer than the TTL, so that the secret comes due in the midst of it.
const storm = ttl + 1_500;

/** @type {import('../step.mjs').Step} */
export const throttlingStorm = {
  title: `KMS throttles everything for ${seconds(storm)}`,

  async play({ kms, services, secret, narrator, signal }) {
    await kms.clearRequests();
    await kms.throttle();
    const loads = await SideBySide.during({ services, secret, signal, narrator }, storm);
    const refused = (await kms.requests()).filter(({ status }) => status === 429).length;
    await kms.heal();
    loads.holdNoneFailed();
    hold(refused > 0, 'KMS was not asked at all, so it could refuse nothing.');
    loads.holdOnly(secret.sha256);
    const fresh = await untilFresh({ services, secret, signal });
    narrator.table(
      ['service', 'reads', 'failed', 'served old', 'p99', 'fresh after it'],
      loads.all.map(({ service, load }, index) => [
        service.name,
        counted(load.reads),
        counted(load.failed),
        counted(load.stale),
        millis(load.p99),
        seconds(fresh[index] ?? Number.NaN),
      ]),
    );
    return `0 of ${counted(loads.reads)} reads failed; KMS refused ${refused} requests with 429`;
  },
};
