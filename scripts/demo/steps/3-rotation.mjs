// @ts-check
import { counted, seconds } from '../narrator.mjs';
import { SideBySide } from '../side-by-side.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';
import { until } from '../waiting.mjs';

/** @type {import('../step.mjs').Step} */
export const rotation = {
  title: 'KMS rotates the secret, and the services follow without a restart',

  async play({ kms, services, secret, narrator, signal }) {
    const loads = new SideBySide({ services, secret });
    const telling = setInterval(() => narrator.detail(loads.toString()), 1_000);
    try {
      await kms.rotate(secret.name, secret.nextValue());
      const rotated = performance.now();
      const areNew = () => {
        loads.holdNoneFailed();
        return loads.all.every(({ load }) => load.seen.has(secret.sha256)) ? true : undefined;
      };
      await until(areNew, { within: 2 * ttl, signal, what: 'The step to the new value' });
      await loads.stop();
      for (const { name, child } of services) hold(child.isRunning, `${name} has ended.`);

      const after = await SideBySide.during({ services, secret, signal }, 300);
      after.holdNoneFailed();
      after.holdOnly(secret.sha256);
      narrator.table(
        ['service', 'new value after', 'reads meanwhile', 'failed'],
        loads.all.map(({ service, load }) => [
          service.name,
          seconds((load.seen.get(secret.sha256) ?? Number.NaN) - rotated),
          counted(load.reads),
          counted(load.failed),
        ]),
      );
      return `the new value everywhere (TTL ${seconds(ttl)}), the old one nowhere after it; same processes, 0 failed`;
    } finally {
      clearInterval(telling);
      await loads.stop();
    }
  },
};
