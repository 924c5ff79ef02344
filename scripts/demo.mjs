// @ts-check
// `npm run demo`: starts a strict fake KMS over TLS and one service per framework, each in its own process, and runs eight steps.
// With `--stay`, the services keep running after the last step, until Ctrl+C, so that the status page can be read.
// Each step measures what it claims. A claim that does not hold ends the demo with exit code 1. All processes and files are removed.
import { Environment } from './demo/environment.mjs';
import { Output } from './demo/output.mjs';
import { firstRead } from './demo/steps/1-first-read.mjs';
import { cachedReads } from './demo/steps/2-cached-reads.mjs';
import { rotation } from './demo/steps/3-rotation.mjs';
import { throttling } from './demo/steps/4-throttling.mjs';
import { outage } from './demo/steps/5-outage.mjs';
import { recovery } from './demo/steps/6-recovery.mjs';
import { revocation } from './demo/steps/7-revocation.mjs';
import { database } from './demo/steps/8-database.mjs';

const steps = [firstRead, cachedReads, rotation, throttling, outage, recovery, revocation, database];

const interruption = new AbortController();
const { signal } = interruption;
let exitCode = 1;
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(name, () => {
    exitCode = 130;
    interruption.abort(new Error(`Stopped by ${name}.`));
  });
}
// The cleanup below must also run after a programming error, and when the reader of the output closes the pipe, as `head` does.
process.on('uncaughtException', (error) => interruption.abort(error));
process.stdout.on('error', (error) => interruption.abort(error));

const output = new Output();
const environment = new Environment();
let passed = true;
let hasStayed = false;

output.line('Services read a secret of Alibaba Cloud KMS through a rotation, throttling, an outage and a revocation.');
output.line(
  'KMS is a strict fake on the loopback interface. The services are real. Every figure is measured in this run.',
);
try {
  output.heading('Setup');
  const context = await environment.setUp(output, signal);
  for (const [index, step] of steps.entries()) {
    output.heading(`${index + 1} of ${steps.length}: ${step.title}`);
    output.check(true, await step.run({ ...context, output, signal }));
  }
  if (process.argv.includes('--stay')) {
    await stay();
    hasStayed = true;
  }
} catch (error) {
  passed = false;
  output.check(false, messageOf(signal.aborted ? signal.reason : error));
  if (!signal.aborted) output.detail(environment.recentOutput());
}

output.heading('Cleanup');
const { exits, leftovers } = await environment.tearDown();
output.detail(exits);
output.check(
  leftovers.length === 0,
  leftovers.length === 0
    ? 'Cleanup: no process, open port or file is left'
    : `Cleanup: left behind:\n${leftovers.join('\n')}`,
);
const leaks = [...environment.printed, ...output.printed].filter((line) => line.includes('s3cret-')).length;
output.check(
  leaks === 0,
  leaks === 0
    ? `Secrecy: no secret value in the output of this process and the ${environment.processCount} others`
    : `Secrecy: ${leaks} lines of output contain a secret value`,
);
passed &&= leftovers.length === 0 && leaks === 0 && (hasStayed || !signal.aborted);
output.line(passed ? '\nAll checks passed.' : '\nA check failed: see ✗ above.');
process.exitCode = passed ? 0 : exitCode;

/** Waits for Ctrl+C, which is then no failure. */
async function stay() {
  output.line('\nThe services keep running. Stop them with Ctrl+C.');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function messageOf(error) {
  if (!(error instanceof Error)) return String(error);
  // `fetch` states the reason of a failure only in the cause.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
