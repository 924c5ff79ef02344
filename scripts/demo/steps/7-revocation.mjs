// @ts-check
import { ttl } from '../environment.mjs';
import { formatSeconds } from '../output.mjs';
import { poll } from '../poll.mjs';
import { assert } from '../step.mjs';

/** Reads of each service after its first refusal. */
const readsAfterRefusal = 50;

/** @type {import('../step.mjs').Step} */
export const revocation = {
  title: 'Revocation: KMS denies access; the services stop returning the cached value',

  async run({ kms, services, secret, output, signal }) {
    await kms.deny(secret.name);
    const refusals = await Promise.all(services.map((service) => untilRefused({ service, secret, signal })));
    await kms.allow(secret.name);
    const restored = await Promise.all(
      services.map(async (service) => {
        const isAllowed = async () => ((await service.read(secret.name)).status === 200 ? true : undefined);
        return poll(isAllowed, {
          timeout: 10_000,
          signal,
          what: `A read of ${service.name} after access was restored`,
        });
      }),
    );
    output.table(
      ['service', 'refused after', 'response', 'restored after'],
      services.map(({ name }, index) => [
        name,
        formatSeconds(refusals[index]?.ms ?? Number.NaN),
        refusals[index]?.response ?? '',
        formatSeconds(restored[index]?.ms ?? Number.NaN),
      ]),
    );
    const slowest = Math.max(...refusals.map(({ ms }) => ms));
    const reads = readsAfterRefusal * services.length;
    return `Revocation: all services refuse after ${formatSeconds(slowest)}, and so do all ${reads} reads after that; access can be restored`;
  },
};

/** @param {Pick<import('../step.mjs').Context, 'secret' | 'signal'> & { service: import('../service.mjs').Service }} context */
async function untilRefused({ service, secret, signal }) {
  const refusal = async () => {
    const response = await service.read(secret.name);
    return response.status === 200 ? undefined : response;
  };
  const { result, ms } = await poll(refusal, { timeout: 2 * ttl, signal, what: `The refusal of ${service.name}` });
  const { status, code } = result;
  assert(
    status === 503 && code === 'ERR_ACCESS_DENIED',
    `${service.name} responded with ${status} ${code}, expected 503 ERR_ACCESS_DENIED.`,
  );
  const responses = await Promise.all(Array.from({ length: readsAfterRefusal }, refusal));
  const returned = responses.filter((response) => response === undefined).length;
  assert(returned === 0, `${service.name} returned the value ${returned} times after its first refusal.`);
  return { ms, response: `${status} {"code":"${code}"}` };
}
