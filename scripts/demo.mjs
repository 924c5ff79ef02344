// @ts-check
// `npm run demo`: a strict fake of KMS over TLS and real services, each a process of its own, and a story in seven steps that
// all services live through side by side.
// Each step measures what it claims; one that does not hold ends the demo with exit code 1. Nothing is left behind.
import { Narrator } from './demo/narrator.mjs';
import { Stage } from './demo/stage.mjs';
import { firstRead } from './demo/steps/1-first-read.mjs';
import { cachedReads } from './demo/steps/2-cached-reads.mjs';
import { rotation } from './demo/steps/3-rotation.mjs';
import { throttlingStorm } from './demo/steps/4-throttling-storm.mjs';
import { kmsGone } from './demo/steps/5-kms-gone.mjs';
import { kmsBack } from './demo/steps/6-kms-back.mjs';
import { accessRevoked } from './demo/steps/7-access-revoked.mjs';

const steps = [firstRead, cachedReads, rotation, throttlingStorm, kmsGone, kmsBack, accessRevoked];

const interruption = new AbortController();
const { signal } = interruption;
let exitCode = 1;
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(name, () => {
    exitCode = 130;
    interruption.abort(new Error(`Stopped by ${name}.`));
  });
}
// Whatever else may end a process must not keep this one from tidying up: a mistake in a callback, a reader like `head`.
process.on('uncaughtException', (error) => interruption.abort(error));
process.stdout.on('error', (error) => interruption.abort(error));

const narrator = new Narrator();
const stage = new Stage();
let isWell = true;

narrator.say('A secret of Alibaba Cloud KMS in Node.js services: read, kept, rotated, and what an outage does to it.');
narrator.say(
  'Every figure below is measured now. KMS is a strict fake of it, on loopback; the services are real ones.',
);
try {
  narrator.heading('The stage');
  const set = await stage.setUp(narrator, signal);
  for (const [index, step] of steps.entries()) {
    narrator.heading(`${index + 1} of ${steps.length}: ${step.title}`);
    narrator.verdict(true, await step.play({ ...set, narrator, signal }));
  }
} catch (error) {
  isWell = false;
  narrator.verdict(false, sentenceOf(signal.aborted ? signal.reason : error));
  if (!signal.aborted) narrator.detail(stage.lastWords());
}

narrator.heading('The end');
const { ends, left } = await stage.tearDown();
narrator.detail(ends);
narrator.verdict(
  left.length === 0,
  left.length === 0 ? 'no process, port or file is left behind' : `left behind:\n${left.join('\n')}`,
);
const shown = [...stage.printed, ...narrator.told].filter((line) => line.includes('s3cret-')).length;
narrator.verdict(
  shown === 0,
  shown === 0
    ? `no value was printed, by this process or any of the ${stage.processCount} others`
    : `a value was printed in ${shown} lines`,
);
isWell &&= left.length === 0 && shown === 0 && !signal.aborted;
narrator.say(isWell ? '\nAll of it held.' : '\nNot all of it held: see ✗ above.');
process.exitCode = isWell ? 0 : exitCode;

/**
 * @param {unknown} error
 * @returns {string}
 */
function sentenceOf(error) {
  if (!(error instanceof Error)) return String(error);
  // `fetch` says why it failed in its cause alone.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
