// @ts-check
import { ttl } from '../environment.mjs';
import { formatCount, formatSeconds } from '../output.mjs';
import { poll } from '../poll.mjs';
import { ServiceLoads } from '../service-loads.mjs';
import { assert } from '../step.mjs';

/** @type {import('../step.mjs').Step} */
export const rotation = {
  title: 'Rotation: KMS has a new version; the services return it without a restart',

  async run({ kms, services, secret, output, signal }) {
    const loads = new ServiceLoads({ services, secret });
    const progress = setInterval(() => output.detail(loads.toString()), 1_000);
    try {
      await kms.rotate(secret.name, secret.nextValue());
      const rotatedAt = performance.now();
      const haveNewVersion = () => {
        loads.assertNoneFailed();
        return loads.all.every(({ load }) => load.firstSeen.has(secret.sha256)) ? true : undefined;
      };
      await poll(haveNewVersion, { timeout: 2 * ttl, signal, what: 'The change to the new version' });
      await loads.stop();
      for (const { name, program } of services) assert(program.isRunning, `${name} has exited.`);

      const after = await ServiceLoads.run({ services, secret, signal }, 300);
      after.assertNoneFailed();
      after.assertOnlyValue(secret.sha256);
      const delays = loads.all.map(({ load }) => (load.firstSeen.get(secret.sha256) ?? Number.NaN) - rotatedAt);
      output.table(
        ['service', 'new version after', 'reads', 'failed'],
        loads.all.map(({ service, load }, index) => [
          service.name,
          formatSeconds(delays[index] ?? Number.NaN),
          formatCount(load.reads),
          formatCount(load.failed),
        ]),
      );
      return `Rotation: all services return the new version after ${formatSeconds(Math.max(...delays))} (TTL ${formatSeconds(ttl)}); 0 of ${formatCount(loads.reads)} reads failed`;
    } finally {
      clearInterval(progress);
      await loads.stop();
    }
  },
};
