// @ts-check
// Runs each part of a measurement in its own process, so that compilation, garbage and load of one part do not affect another.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Milliseconds after which a process is killed by default. Longer than any measurement takes. */
const defaultTimeout = 150_000;

/** The id of the first response, which carries `ready` and belongs to no request. */
const readyId = 0;

/** @typedef {{ id: number; result?: any; error?: string }} Response */

/** @type {Set<Worker>} */
const running = new Set();

/**
 * `flags` are flags of Node. The process is killed after `timeout` milliseconds.
 * @typedef {{ flags?: readonly string[]; env?: Readonly<Record<string, string>>; timeout?: number }} LaunchOptions
 */

/**
 * Runs a script to its end and returns the JSON that it prints.
 * @param {URL} script
 * @param {unknown} task what `readTask()` returns in the script
 * @param {LaunchOptions} [options]
 * @returns {Promise<any>}
 */
export async function run(script, task, { flags = [], env = {}, timeout = defaultTimeout } = {}) {
  const options = { env: environment(task, env), timeout };
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, fileURLToPath(script)], options);
  return JSON.parse(stdout);
}

/** The task that this process was started with. */
export function readTask() {
  return JSON.parse(process.env['PROCESS_TASK'] ?? 'null');
}

/**
 * A process that handles requests, several at a time if needed. Messages are JSON whose shape only the two sides know, hence
 * `any`. `kill` sends SIGKILL: the process cannot clean up.
 * @typedef {{ ready: any; request: (message: unknown) => Promise<any>; stop: () => Promise<void>;
 *   kill: () => Promise<void> }} Worker
 */

/**
 * Starts a script that calls `serve`, and waits until it is ready.
 * @param {URL} script
 * @param {unknown} task what `readTask()` returns in the script
 * @param {LaunchOptions} [options]
 * @returns {Promise<Worker>}
 */
export async function start(script, task, { flags = [], env = {}, timeout = defaultTimeout } = {}) {
  const child = fork(fileURLToPath(script), { execArgv: [...flags], env: environment(task, env), timeout });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script.pathname.split('/').at(-1)} exited with ${code ?? signal}.`);
  });
  ended.catch(() => {});
  /** @type {Map<number, { resolve: (result: any) => void; reject: (error: Error) => void }>} */
  const pending = new Map();
  child.on('message', (/** @type {Response} */ { id, error, result }) => {
    const { resolve, reject } = pending.get(id) ?? {};
    pending.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error));
  });
  let lastId = readyId;
  const responseTo = (/** @type {number} */ id) =>
    Promise.race([new Promise((resolve, reject) => void pending.set(id, { resolve, reject })), ended]);
  /** @type {Worker} */
  const worker = {
    ready: await responseTo(readyId),
    request(message) {
      lastId += 1;
      const response = responseTo(lastId);
      // With a callback, sending to a process that has exited does not throw; `ended` reports the exit.
      child.send({ id: lastId, message }, () => {});
      return response;
    },
    async stop() {
      if (child.connected) child.disconnect();
      running.delete(worker);
      await ended.catch(() => {});
    },
    async kill() {
      child.kill('SIGKILL');
      await worker.stop();
    },
  };
  running.add(worker);
  return worker;
}

/** Stops every process that is still running. Otherwise they would wait for requests, and this process for them. */
export async function stopAll() {
  await Promise.all(Array.from(running, (worker) => worker.stop()));
}

/**
 * The side of the started process: sends `ready`, then the result of `handle` for each request, or the text of its error.
 * Exits when the process that started it disconnects.
 * @param {unknown} ready
 * @param {(message: any) => unknown} handle
 * @param {() => unknown} [close]
 */
export function serve(ready, handle, close) {
  // With a callback, sending to a parent that has exited does not throw; `disconnect` reports the exit.
  const send = (/** @type {Response} */ response) => process.send?.(response, () => {});
  process.on('message', async (/** @type {{ id: number; message: any }} */ { id, message }) => {
    try {
      send({ id, result: await handle(message) });
    } catch (error) {
      send({ id, error: String(error) });
    }
  });
  process.once('disconnect', async () => {
    await close?.();
    process.exit();
  });
  send({ id: readyId, result: ready });
}

/**
 * The environment of a new process. It inherits only PATH and TMPDIR: a proxy or credentials set on this machine must not
 * affect a measurement. The task is not an argument, because all users of the machine can list arguments.
 * @param {unknown} task
 * @param {Readonly<Record<string, string>>} env
 */
function environment(task, env) {
  const { PATH, TMPDIR } = process.env;
  return { PATH, TMPDIR, PROCESS_TASK: JSON.stringify(task), ...env };
}
