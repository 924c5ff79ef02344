// @ts-check
// Each measurement has a process of its own: what another one compiled, allocated or loaded does not show in it.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** None needs as long; one that hangs is killed then, and its group fails. */
const timeout = 150_000;

/** @type {Set<Asked>} */
const running = new Set();

/** @typedef {{ flags?: readonly string[]; env?: Readonly<Record<string, string>> }} Launch flags are Node's own */

/**
 * Runs a script and returns the JSON it prints; it is killed if it takes too long.
 * @param {URL} script
 * @param {unknown} task what it finds in `given()`
 * @param {Launch} [launch]
 * @returns {Promise<any>}
 */
export async function run(script, task, { flags = [], env = {} } = {}) {
  const options = { env: environment(task, env), timeout };
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, fileURLToPath(script)], options);
  return JSON.parse(stdout);
}

/** What this process was started with. */
export function given() {
  return JSON.parse(process.env['BENCH_TASK'] ?? 'null');
}

/**
 * A process that is asked again and again. `any`, because what crosses is JSON that only the two sides know the shape of.
 * @typedef {{ ready: any; ask: (question: unknown) => Promise<any>; stop: () => Promise<void> }} Asked
 * @param {URL} script one that calls `answer`
 * @param {unknown} task
 * @param {Launch} [launch]
 * @returns {Promise<Asked>}
 */
export async function start(script, task, { flags = [], env = {} } = {}) {
  const child = fork(fileURLToPath(script), { execArgv: [...flags], env: environment(task, env), timeout });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script.pathname.split('/').at(-1)} ended with ${code ?? signal}.`);
  });
  ended.catch(() => {});
  const next = async () => {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message;
  };
  /** @type {Asked} */
  const asked = {
    ready: await next(),
    ask(question) {
      const answered = next();
      child.send(/** @type {import('node:child_process').Serializable} */ (question));
      return answered;
    },
    async stop() {
      if (child.connected) child.disconnect();
      running.delete(asked);
      await ended.catch(() => {});
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
 * The other side of `start`: sends `ready`, then the answer to each question (`any` for the reason given at `Asked`). Ends with the one who asks, however that ends.
 * @param {unknown} ready
 * @param {(question: any) => unknown} reply
 * @param {() => unknown} [close]
 */
export function answer(ready, reply, close) {
  const send = (/** @type {unknown} */ message) => process.send?.(message ?? null);
  process.on('message', async (question) => send(await reply(question)));
  process.once('disconnect', async () => {
    await close?.();
    process.exit();
  });
  send(ready);
}

/**
 * Nothing else of ours: a proxy or a credential that happens to be set must not show in a figure.
 * @param {unknown} task not among the arguments, which every user of the machine can list
 * @param {Readonly<Record<string, string>>} env
 */
function environment(task, env) {
  const { PATH, TMPDIR } = process.env;
  return { PATH, TMPDIR, BENCH_TASK: JSON.stringify(task), ...env };
}
