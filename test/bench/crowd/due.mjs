// @ts-check
// In a process of its own: many secrets that come due at the same moment, refreshed over loopback. How long does the event
// loop make others wait, how many requests are under way at once, how many timers wait for that moment?
import { createSecretClient } from '@kms-secrets/core';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readAll, secretNames, unhindered } from '../engine.mjs';
import { given } from '../../support/processes.mjs';

const { count, kms } = given();
const names = secretNames(count);
const ttl = 3_600_000;
/** @type {Map<NodeJS.Timeout, () => void>} */
const timers = new Map();
let elapsed = () => 0;
const client = createSecretClient({
  credentials: kms.accessKey,
  endpoints: [{ endpoint: kms.endpoint, caFilePath: kms.caFilePath }],
  ttl,
  ...unhindered,
  clock: ownClock(),
});
await readAll(names, (name) => client.get(name), 16);
const timersWaiting = timers.size;
const { fetches } = client.stats();

let refreshed = 0;
let inFlight = 0;
const done = new Promise((resolve) => {
  client.on('refreshed', () => {
    refreshed += 1;
    // Looking is not free: now and then is often enough to see a bound that does not hold.
    if (refreshed % 64 === 1) inFlight = Math.max(inFlight, client.stats().inFlight);
    if (refreshed === count) resolve(undefined);
  });
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const begun = performance.now();
letTheHourPass();
await done;
delay.disable();
const lasted = performance.now() - begun;
await client.close();
// In milliseconds; the histogram counts its own interval of 1 ms as delay.
const [p99, max] = [delay.percentile(99), delay.max].map((nanoseconds) => nanoseconds / 1e6);
console.log(JSON.stringify({ p99, max, inFlight, timersWaiting, lasted, fetches: client.stats().fetches - fetches }));

/**
 * Time stands still while they are loaded, and chance gives no jitter: so all come due in the same millisecond.
 * @returns {import('@kms-secrets/core').Clock}
 */
function ownClock() {
  const now = () => elapsed();
  const after = (/** @type {number} */ ms, /** @type {() => void} */ task) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      task();
    }, ms);
    timers.set(timer, task);
    return () => {
      clearTimeout(timer);
      timers.delete(timer);
    };
  };
  return { now, cachedNow: now, date: () => Date.now(), random: () => 0, setUnrefTimer: after, setTimer: after };
}

function letTheHourPass() {
  elapsed = () => ttl + performance.now() - begun;
  for (const [timer, task] of Array.from(timers)) {
    clearTimeout(timer);
    timers.delete(timer);
    task();
  }
}
