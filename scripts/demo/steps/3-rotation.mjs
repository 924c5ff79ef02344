// @ts-check
import { Load } from '../load.mjs';
import { counted, seconds } from '../narrator.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';
import { until } from '../waiting.mjs';

/** @type {import('../step.mjs').Step} */
export const rotation = {
  title: 'KMS rotates the secret, and the service follows without a restart',

  async play({ kms, service, secret, narrator, signal }) {
    const { pid } = service.child;
    const url = service.url + service.path(secret.name);
    const load = new Load({ url, connections: 4 });
    const telling = setInterval(() => narrator.detail(load.toString()), 1_000);
    try {
      await kms.rotate(secret.name, secret.nextValue());
      const rotated = performance.now();
      const isNew = () => {
        hold(load.failed === 0, `${load.failed} reads failed meanwhile: ${load.failure}`);
        return load.seen.get(secret.sha256);
      };
      const { found } = await until(isNew, { within: 2 * ttl, signal, what: 'The step to the new value' });
      await load.stop();
      hold(service.child.isRunning && service.child.pid === pid, 'The service was restarted.');

      const after = await Load.during({ url, connections: 4, ms: 300, signal });
      hold(after.seen.size === 1 && after.seen.has(secret.sha256), 'The old value came back.');
      return `new value ${seconds(found - rotated)} after the rotation (TTL ${seconds(ttl)}), same process; ${counted(load.reads)} reads meanwhile, 0 failed`;
    } finally {
      clearInterval(telling);
      await load.stop();
    }
  },
};
