// @ts-check
// Runs in its own process. Refreshes many secrets that are due at the same moment, over the loopback interface. Measures the
// delay of the event loop, the requests in flight and the number of timers that the secrets add.
import { createSecretClient } from '@kms-secrets/core';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readAll, secretNames, withoutLimits } from '../clients.mjs';
import { readTask } from '../../support/processes.mjs';

const { count, kms } = readTask();
const names = secretNames(count);
const ttl = 3_600_000;
/** @type {Map<NodeJS.Timeout, () => void>} */
const activeTimers = new Map();
let elapsed = () => 0;
const client = createSecretClient({
  credentials: kms.accessKey,
  endpoints: [{ endpoint: kms.endpoint, caFilePath: kms.caFilePath }],
  ttl,
  ...withoutLimits,
  clock: frozenClock(),
});
/** Those of the client itself, such as the one that reads the CA file again. */
const timersBefore = activeTimers.size;
await readAll(names, (name) => client.get(name), 16);
const timers = activeTimers.size - timersBefore;
const { fetches } = client.stats();

let refreshed = 0;
let inFlight = 0;
const done = new Promise((resolve) => {
  client.on('refreshed', () => {
    refreshed += 1;
    // `stats()` is sampled, because calling it each time would affect the measurement.
    if (refreshed % 64 === 1) inFlight = Math.max(inFlight, client.stats().inFlight);
    if (refreshed === count) resolve(undefined);
  });
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const startedAt = performance.now();
skipTtl();
await done;
delay.disable();
const duration = performance.now() - startedAt;
await client.close();
// In milliseconds. The histogram includes its own sampling interval of 1 ms.
const p99 = delay.percentile(99) / 1e6;
const max = delay.max / 1e6;
console.log(JSON.stringify({ p99, max, inFlight, timers, duration, fetches: client.stats().fetches - fetches }));

/**
 * A clock that stands still while the secrets are loaded, without jitter, so that all are due in the same millisecond.
 * @returns {import('@kms-secrets/core').Clock}
 */
function frozenClock() {
  const now = () => elapsed();
  const setTimer = (/** @type {number} */ ms, /** @type {() => void} */ task) => {
    const timer = setTimeout(() => {
      activeTimers.delete(timer);
      task();
    }, ms);
    activeTimers.set(timer, task);
    return () => {
      clearTimeout(timer);
      activeTimers.delete(timer);
    };
  };
  return { now, cachedNow: now, date: () => Date.now(), random: () => 0, setUnrefTimer: setTimer, setTimer };
}

function skipTtl() {
  elapsed = () => ttl + performance.now() - startedAt;
  for (const [timer, task] of Array.from(activeTimers)) {
    clearTimeout(timer);
    activeTimers.delete(timer);
    task();
  }
}
