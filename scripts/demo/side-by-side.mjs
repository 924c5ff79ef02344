// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from './load.mjs';
import { counted } from './narrator.mjs';
import { hold } from './step.mjs';

/** The connections that are kept open to each service. */
const connections = 4;

/** The same load on every service at the same time. */
export class SideBySide {
  /** @type {readonly { service: import('./service.mjs').Service; load: Load }[]} */
  all;

  /** @param {Pick<import('./step.mjs').Set, 'services' | 'secret'>} set */
  constructor({ services, secret }) {
    this.all = services.map((service) => ({
      service,
      load: new Load({ url: service.url + service.path(secret.name), connections }),
    }));
  }

  /**
   * Runs it for so long, and ends it, whatever happens.
   *
   * @param {Pick<import('./step.mjs').Set, 'services' | 'secret' | 'signal'> & { narrator?: import('./narrator.mjs').Narrator }} set
   * @param {number} ms
   */
  static async during(set, ms) {
    const loads = new SideBySide(set);
    try {
      for (let passed = 0; passed < ms && loads.failed === 0; passed += 1_000) {
        await sleep(Math.min(1_000, ms - passed), undefined, { signal: set.signal });
        set.narrator?.detail(loads.toString());
      }
    } finally {
      await loads.stop();
    }
    return loads;
  }

  /** Lets the reads that are under way end, and closes the connections. */
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
  holdNoneFailed() {
    const failures = this.all.flatMap(({ service, load }) =>
      load.failed === 0 ? [] : [`${load.failed} reads of ${service.name} failed: ${load.failure}`],
    );
    hold(failures.length === 0, failures.join('\n'));
  }

  /** @param {string} sha256 */
  holdOnly(sha256) {
    for (const { service, load } of this.all) {
      hold(load.seen.has(sha256) && load.seen.size === 1, `${service.name} served another value than the one it was.`);
    }
  }

  toString() {
    return `${counted(this.reads)} reads, ${counted(this.failed)} failed, ${counted(this.stale)} served old`;
  }
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
