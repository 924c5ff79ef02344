// @ts-check
import { seconds } from '../narrator.mjs';
import { ttl } from '../stage.mjs';
import { hold } from '../step.mjs';
import { until } from '../waiting.mjs';

/** @type {import('../step.mjs').Step} */
export const accessRevoked = {
  title: 'Access is revoked: nothing is served from memory any more',

  async play({ kms, services, secret, narrator, signal }) {
    await kms.deny(secret.name);
    const refused = await Promise.all(services.map((service) => untilRefused({ service, secret, signal })));
    await kms.allow(secret.name);
    const allowed = await Promise.all(
      services.map(async (service) => {
        const look = async () => ((await service.read(secret.name)).status === 200 ? true : undefined);
        return until(look, { within: 10_000, signal, what: `The first answer of ${service.name} after that` });
      }),
    );
    narrator.table(
      ['service', 'refused after', 'answer', 'allowed again after'],
      services.map(({ name }, index) => [
        name,
        seconds(refused[index]?.ms ?? Number.NaN),
        refused[index]?.answer ?? '',
        seconds(allowed[index]?.ms ?? Number.NaN),
      ]),
    );
    return 'refused everywhere, and 50 of 50 reads after the first refusal too; then served again';
  },
};

/** @param {Pick<import('../step.mjs').Set, 'secret' | 'signal'> & { service: import('../service.mjs').Service }} set */
async function untilRefused({ service, secret, signal }) {
  const refusal = async () => {
    const answer = await service.read(secret.name);
    return answer.status === 200 ? undefined : answer;
  };
  const { found, ms } = await until(refusal, { within: 2 * ttl, signal, what: `The refusal of ${service.name}` });
  const { status, code } = found;
  hold(status === 503 && code === 'ERR_ACCESS_DENIED', `${service.name} answered ${status} ${code} instead.`);
  const answers = await Promise.all(Array.from({ length: 50 }, refusal));
  const served = answers.filter((answer) => answer === undefined).length;
  hold(served === 0, `${service.name} served the value ${served} times after its first refusal.`);
  return { ms, answer: `${status} {"code":"${code}"}` };
}
