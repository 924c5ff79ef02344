// @ts-check
// One process of a fleet. Returns the time at which it is notified of a write, by the clock that all processes of a machine share.
import { redisStore } from '@kms-secrets/redis';
import { readTask, serve } from '../../support/processes.mjs';
import { benchKey } from './sample-secret.mjs';

const store = redisStore({ url: `redis://127.0.0.1:${readTask().port}`, key: benchKey });
/** @type {(notifiedAt: number) => void} */
let resolveNotified = () => {};
store.subscribe?.((event) => {
  if (event.kind === 'written') resolveNotified(Number(process.hrtime.bigint()) / 1e6);
});
serve(
  'ready',
  () => new Promise((resolve) => (resolveNotified = resolve)),
  () => store.close(),
);
