// @ts-check
// One process of a fleet: it holds one secret, and knows since when it holds which version of it.
import { answer, given } from '../support/processes.mjs';
import { clientFor } from './clients.mjs';

/** @type {import('./clients.mjs').ClientTask} */
const task = given();
const [name = ''] = task.names;
const client = clientFor(task);
/** @type {{ versionId: string; since: number }[]} */
const held = [];
/** To a fraction of a millisecond, and the same in all processes of a machine. */
const now = () => performance.timeOrigin + performance.now();
const hold = (/** @type {string} */ versionId) => held.push({ versionId, since: now() });
client.on('rotated', ({ secret }) => hold(secret.versionId));
hold((await client.get(name)).versionId);

answer(
  'ready',
  async (question) => {
    if (question === 'refresh') await client.refresh(name);
    return held.at(-1);
  },
  () => client.close(),
);
