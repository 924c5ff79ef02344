// @ts-check
// Prints how processes that start together share a quota, with and without batches. Times are those of their slow clock.
import { stopAll } from '../support/processes.mjs';
import { commandLine } from './command-line.mjs';
import { startOnQuota } from './quota.mjs';

const { processes, names, quota } = commandLine({
  processes: { default: 20, max: 200 },
  names: { default: 25, max: 1_000 },
  quota: { default: 60, max: 450 },
});
try {
  for (const supportsBatch of [true, false]) {
    const { requests, throttled, errors, lastReady, ownTime } = await startOnQuota({
      processes,
      names,
      quota,
      supportsBatch,
    });
    const share = `${((100 * throttled) / requests).toFixed(1)} % throttled`;
    const time = `all ready after ${(lastReady / 1_000).toFixed(1)} s; the quota needs ${(ownTime / 1_000).toFixed(1)} s`;
    const failed =
      errors.length === 0 ? time : `${errors.length} processes failed: ${errors[0]?.split('\n', 2).join(' ')}`;
    console.log(`batches: ${supportsBatch}; ${requests} requests, ${share}; ${failed}`);
  }
} finally {
  await stopAll();
}
