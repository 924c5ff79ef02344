// @ts-check
import { Load } from '../load.mjs';
import { counted } from '../narrator.mjs';
import { hold } from '../step.mjs';

const connections = 8;

/** @type {import('../step.mjs').Step} */
export const cachedReads = {
  title: 'From then on it is read from memory: KMS is not asked',

  async play({ kms, service, secret, preloaded, narrator, signal }) {
    const url = service.url + service.path(secret.name);
    narrator.detail('warming up');
    await Load.during({ url, connections, ms: 1_000, signal }); // the service's code is compiled by then
    // Both are young now, so that none comes due before the reads end.
    await Promise.all([service.refresh(secret.name), service.refresh(preloaded.name)]);
    await kms.clearRequests();
    const onSecond = (/** @type {string} */ text) => narrator.detail(text);
    const load = await Load.during({ url, connections, ms: 2_000, signal, onSecond });
    const { length } = await kms.requests();
    hold(load.failed === 0, `${load.failed} reads failed: ${load.failure}`);
    hold(length === 0, `KMS was asked ${length} times meanwhile.`);
    return `${counted(load.perSecond)} reads per second over HTTP, p99 ${load.p99.toFixed(1)} ms; 0 requests to KMS, 0 failed`;
  },
};
