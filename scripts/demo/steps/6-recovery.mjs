// @ts-check
import { formatSeconds } from '../output.mjs';
import { untilFresh } from '../until-fresh.mjs';

/** @type {import('../step.mjs').Step} */
export const recovery = {
  title: 'Recovery: KMS is available again, with a version that was rotated during the outage',

  async run({ kms, services, secret, output, signal }) {
    await kms.rotate(secret.name, secret.nextValue());
    await kms.start();
    const recoveries = await untilFresh({ services, secret, signal });
    output.table(
      ['service', 'new version after'],
      services.map(({ name }, index) => [name, formatSeconds(recoveries[index] ?? Number.NaN)]),
    );
    return `Recovery: all services return the new version, not stale, after ${formatSeconds(Math.max(...recoveries))}, without a restart`;
  },
};
