// @ts-check
// Each part of a measurement has a process of its own: what another one compiled, allocated or is busy with does not show in it.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Longer than most need; one that hangs is killed then, and what waits for it fails. */
const patience = 150_000;

/** The answer to no question: that the process is ready. */
const readyId = 0;

/** @typedef {{ id: number; answer?: any; error?: string }} Reply */

/** @type {Set<Asked>} */
const running = new Set();

/**
 * `flags` are Node's own; `timeout` in milliseconds, after which the process is killed.
 * @typedef {{ flags?: readonly string[]; env?: Readonly<Record<string, string>>; timeout?: number }} Launch
 */

/**
 * Runs a script and returns the JSON it prints; it is killed if it takes too long.
 * @param {URL} script
 * @param {unknown} task what it finds in `given()`
 * @param {Launch} [launch]
 * @returns {Promise<any>}
 */
export async function run(script, task, { flags = [], env = {}, timeout = patience } = {}) {
  const options = { env: environment(task, env), timeout };
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, fileURLToPath(script)], options);
  return JSON.parse(stdout);
}

/** What this process was started with. */
export function given() {
  return JSON.parse(process.env['PROCESS_TASK'] ?? 'null');
}

/**
 * A process that is asked again and again, several things at a time if need be. `any`, because what crosses is JSON that only
 * the two sides know the shape of.
 * @typedef {{ ready: any; ask: (question: unknown) => Promise<any>; stop: () => Promise<void>;
 *   kill: () => Promise<void> }} Asked `kill` as the machine does it: it has no time to end anything
 * @param {URL} script one that calls `answer`
 * @param {unknown} task
 * @param {Launch} [launch]
 * @returns {Promise<Asked>}
 */
export async function start(script, task, { flags = [], env = {}, timeout = patience } = {}) {
  const child = fork(fileURLToPath(script), { execArgv: [...flags], env: environment(task, env), timeout });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script.pathname.split('/').at(-1)} ended with ${code ?? signal}.`);
  });
  ended.catch(() => {});
  /** @type {Map<number, { resolve: (answer: any) => void; reject: (error: Error) => void }>} */
  const open = new Map();
  child.on('message', (/** @type {Reply} */ { id, error, answer: answered }) => {
    const { resolve, reject } = open.get(id) ?? {};
    open.delete(id);
    if (error === undefined) resolve?.(answered);
    else reject?.(new Error(error));
  });
  let asks = 0;
  const answerTo = (/** @type {number} */ id) =>
    Promise.race([new Promise((resolve, reject) => void open.set(id, { resolve, reject })), ended]);
  /** @type {Asked} */
  const asked = {
    ready: await answerTo(readyId),
    ask(question) {
      asks += 1;
      const answered = answerTo(asks);
      // With a callback, a process that has ended is no error of its own here: `ended` tells of it.
      child.send({ id: asks, question }, () => {});
      return answered;
    },
    async stop() {
      if (child.connected) child.disconnect();
      running.delete(asked);
      await ended.catch(() => {});
    },
    async kill() {
      child.kill('SIGKILL');
      await asked.stop();
    },
  };
  running.add(asked);
  return asked;
}

/** Whatever was started and not stopped: they would wait for questions, and this process for them. */
export async function stopAll() {
  await Promise.all(Array.from(running, (asked) => asked.stop()));
}

/**
 * The other side of `start`: sends `ready`, then the answer to each question (`any` for the reason given at `Asked`), or the
 * words of the error that came instead. Ends with the one who asks, however that ends.
 * @param {unknown} ready
 * @param {(question: any) => unknown} reply
 * @param {() => unknown} [close]
 */
export function answer(ready, reply, close) {
  // With a callback, that nobody is there any more to hear it is no error of its own: the end of the channel tells of it.
  const send = (/** @type {Reply} */ message) => process.send?.(message, () => {});
  process.on('message', async (/** @type {{ id: number; question: any }} */ { id, question }) => {
    try {
      send({ id, answer: await reply(question) });
    } catch (error) {
      send({ id, error: String(error) });
    }
  });
  process.once('disconnect', async () => {
    await close?.();
    process.exit();
  });
  send({ id: readyId, answer: ready });
}

/**
 * Nothing else of ours: a proxy or a credential that happens to be set must not show in a figure.
 * @param {unknown} task not among the arguments, which every user of the machine can list
 * @param {Readonly<Record<string, string>>} env
 */
function environment(task, env) {
  const { PATH, TMPDIR } = process.env;
  return { PATH, TMPDIR, PROCESS_TASK: JSON.stringify(task), ...env };
}
