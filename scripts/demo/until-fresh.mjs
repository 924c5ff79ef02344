// @ts-check
import { poll } from './poll.mjs';

/**
 * Waits until every service returns the current value, and not as stale. Returns the milliseconds that took, by service.
 *
 * @param {Pick<import('./step.mjs').Context, 'services' | 'secret' | 'signal'>} context
 * @returns {Promise<readonly number[]>} in the order of the services
 */
export function untilFresh({ services, secret, signal }) {
  return Promise.all(
    services.map(async (service) => {
      const isFresh = async () => {
        const { sha256, stale } = await service.read(secret.name);
        return sha256 === secret.sha256 && stale === false ? true : undefined;
      };
      return (await poll(isFresh, { timeout: 15_000, signal, what: `A fresh value from ${service.name}` })).ms;
    }),
  );
}
