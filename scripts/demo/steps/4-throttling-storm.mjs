// @ts-check
import { Load } from '../load.mjs';
import { counted, seconds } from '../narrator.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';
import { untilFresh } from '../fresh.mjs';

// Longer than the TTL, so that the secret comes due in the midst of it.
const storm = ttl + 1_500;

/** @type {import('../step.mjs').Step} */
export const throttlingStorm = {
  title: `KMS throttles everything for ${seconds(storm)}`,

  async play({ kms, service, secret, narrator, signal }) {
    await kms.clearRequests();
    await kms.throttle();
    const url = service.url + service.path(secret.name);
    const onSecond = (/** @type {string} */ text) => narrator.detail(text);
    const load = await Load.during({ url, connections: 4, ms: storm, signal, onSecond });
    const refused = (await kms.requests()).filter(({ status }) => status === 429).length;
    await kms.heal();
    hold(load.failed === 0, `${load.failed} reads failed: ${load.failure}`);
    hold(refused > 0, 'KMS was not asked at all, so it could refuse nothing.');
    hold(load.seen.has(secret.sha256) && load.seen.size === 1, 'Another value was served than the one it was.');
    const ms = await untilFresh({ service, secret, signal });
    return `0 of ${counted(load.reads)} reads failed, p99 ${load.p99.toFixed(1)} ms; KMS refused ${refused} requests with 429; fresh ${seconds(ms)} after it`;
  },
};
