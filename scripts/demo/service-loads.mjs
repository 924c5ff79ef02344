// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from './load.mjs';
import { formatCount } from './output.mjs';
import { assert } from './step.mjs';

/** Keep-alive connections to each service. */
const connections = 4;

/** The same load on every service at the same time. */
export class ServiceLoads {
  /** @type {readonly { service: import('./service.mjs').Service; load: Load }[]} */
  all;

  /** @param {Pick<import('./step.mjs').Context, 'services' | 'secret'>} context */
  constructor({ services, secret }) {
    this.all = services.map((service) => ({
      service,
      load: new Load({ url: service.url + service.path(secret.name), connections }),
    }));
  }

  /**
   * Runs a load for `ms` milliseconds, or until a read fails. Prints the progress if `output` is given.
   *
   * @param {Pick<import('./step.mjs').Context, 'services' | 'secret' | 'signal'> & { output?: import('./output.mjs').Output }} context
   * @param {number} ms
   */
  static async run(context, ms) {
    const loads = new ServiceLoads(context);
    try {
      for (let elapsed = 0; elapsed < ms && loads.failed === 0; elapsed += 1_000) {
        await sleep(Math.min(1_000, ms - elapsed), undefined, { signal: context.signal });
        context.output?.detail(loads.toString());
      }
    } finally {
      await loads.stop();
    }
    return loads;
  }

  /** Waits for the reads in flight and closes the connections. */
  async stop() {
    await Promise.all(this.all.map(({ load }) => load.stop()));
  }

  get reads() {
    return sum(this.all.map(({ load }) => load.reads));
  }

  get failed() {
    return sum(this.all.map(({ load }) => load.failed));
  }

  get stale() {
    return sum(this.all.map(({ load }) => load.stale));
  }

  /** Throws if a read has failed, with the first failure of each service. */
  assertNoneFailed() {
    const failures = this.all.flatMap(({ service, load }) =>
      load.failed === 0 ? [] : [`${load.failed} reads of ${service.name} failed. First failure: ${load.failure}`],
    );
    assert(failures.length === 0, failures.join('\n'));
  }

  /** Throws if a service returned any other value. @param {string} sha256 */
  assertOnlyValue(sha256) {
    for (const { service, load } of this.all) {
      assert(
        load.firstSeen.has(sha256) && load.firstSeen.size === 1,
        `${service.name} returned a value that is not the current one.`,
      );
    }
  }

  toString() {
    return `${formatCount(this.reads)} reads, ${formatCount(this.failed)} failed, ${formatCount(this.stale)} stale`;
  }
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
