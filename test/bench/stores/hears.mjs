// @ts-check
// One process of a fleet: says when it has heard of a write, by the clock that all processes of a machine share.
import { redisStore } from '@kms-secrets/redis';
import { answer, given } from '../../support/processes.mjs';
import { benchKey } from './secret-of-1-kb.mjs';

const store = redisStore({ url: `redis://127.0.0.1:${given().port}`, key: benchKey });
/** @type {(heard: number) => void} */
let tell = () => {};
store.subscribe?.((news) => {
  if (news.kind === 'written') tell(Number(process.hrtime.bigint()) / 1e6);
});
answer(
  'ready',
  () => new Promise((resolve) => (tell = resolve)),
  () => store.close(),
);
