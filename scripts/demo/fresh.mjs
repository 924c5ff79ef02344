// @ts-check
import { until } from './waiting.mjs';

/**
 * Waits until every service serves the present value, and not as an old one; returns how long that took each.
 *
 * @param {Pick<import('./step.mjs').Set, 'services' | 'secret' | 'signal'>} set
 * @returns {Promise<readonly number[]>} in the order of the services
 */
export function untilFresh({ services, secret, signal }) {
  return Promise.all(
    services.map(async (service) => {
      const look = async () => {
        const { sha256, stale } = await service.read(secret.name);
        return sha256 === secret.sha256 && stale === false ? true : undefined;
      };
      return (await until(look, { within: 15_000, signal, what: `A fresh value from ${service.name}` })).ms;
    }),
  );
}
