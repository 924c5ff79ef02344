// @ts-check
import { Load } from '../load.mjs';
import { counted, seconds } from '../narrator.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';

// Longer than the TTL, so that there is nothing left but the old value.
const outage = ttl + 2_000;

/** @type {import('../step.mjs').Step} */
export const kmsGone = {
  title: `KMS is gone for ${seconds(outage)}: its port is closed`,

  async play({ kms, service, secret, narrator, signal }) {
    await kms.goAway();
    const url = service.url + service.path(secret.name);
    const onSecond = (/** @type {string} */ text) => narrator.detail(text);
    const load = await Load.during({ url, connections: 4, ms: outage, signal, onSecond });
    hold(load.failed === 0, `${load.failed} reads failed: ${load.failure}`);
    hold(load.stale > 0, 'Nothing was served as old, though the TTL was over and KMS gone.');
    hold(load.seen.has(secret.sha256) && load.seen.size === 1, 'Another value was served than the one it was.');
    // With a value in memory nobody waits for a KMS that is not there: not the seconds of a timeout, nor of a retry.
    hold(load.p99 < 250, `One read in a hundred took ${load.p99.toFixed(0)} ms and more.`);
    return `0 of ${counted(load.reads)} reads failed, ${counted(load.stale)} served old and marked so; p99 ${load.p99.toFixed(1)} ms, slowest ${load.slowest.toFixed(0)} ms`;
  },
};
