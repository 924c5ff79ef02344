// @ts-check
import { seconds } from '../narrator.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';
import { until } from '../waiting.mjs';

/** @type {import('../step.mjs').Step} */
export const accessRevoked = {
  title: 'Access is revoked: nothing is served from memory any more',

  async play({ kms, service, secret, narrator, signal }) {
    await kms.deny(secret.name);
    const refusal = async () => {
      const answer = await service.read(secret.name);
      return answer.status === 200 ? undefined : answer;
    };
    const revoked = await until(refusal, { within: 2 * ttl, signal, what: 'The refusal' });
    const { status, code } = revoked.found;
    hold(status === 503 && code === 'ERR_ACCESS_DENIED', `The service answered ${status} ${code} instead.`);
    narrator.detail(`refused ${seconds(revoked.ms)} after it was revoked: ${status} {"code":"${code}"}`);
    const served = (await Promise.all(Array.from({ length: 50 }, refusal))).filter(
      (answer) => answer === undefined,
    ).length;
    hold(served === 0, `The value was served ${served} times after the first refusal.`);

    await kms.allow(secret.name);
    const look = async () => ((await service.read(secret.name)).status === 200 ? true : undefined);
    const allowed = await until(look, { within: 10_000, signal, what: 'The first answer after access was given back' });
    return `refused after ${seconds(revoked.ms)}, 50 of 50 reads after that too; allowed again, it was served after ${seconds(allowed.ms)}`;
  },
};
