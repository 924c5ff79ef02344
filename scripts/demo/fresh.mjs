// @ts-check
import { until } from './waiting.mjs';

/**
 * Waits until the service serves the present value, and not as an old one; returns how long that took.
 *
 * @param {Pick<import('./step.mjs').Set, 'service' | 'secret' | 'signal'>} set
 */
export async function untilFresh({ service, secret, signal }) {
  const look = async () => {
    const { sha256, stale } = await service.read(secret.name);
    return sha256 === secret.sha256 && stale === false ? true : undefined;
  };
  return (await until(look, { within: 15_000, signal, what: 'A fresh value' })).ms;
}
