// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts a program that prints the CPU microseconds per read for each line of its input, `<in flight> <reads>`.
 * @param {import('./clients.mjs').Command} command
 * @param {import('../wire.mjs').Kms} kms
 */
export async function startProgram([file, ...args], { endpoint, caFilePath, accessKey }) {
  const { PATH, TMPDIR } = process.env;
  const env = {
    PATH,
    TMPDIR,
    KMS_ENDPOINT: endpoint,
    KMS_ACCESS_KEY_ID: accessKey.accessKeyId,
    KMS_ACCESS_KEY_SECRET: accessKey.accessKeySecret,
    // Of the Python client. The Go client does not verify certificates.
    REQUESTS_CA_BUNDLE: caFilePath,
    SSL_CERT_FILE: caFilePath,
  };
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  child.stdin.on('error', () => {}); // the exit is reported below
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async read(/** @type {number} */ inFlight, /** @type {number} */ reads) {
      child.stdin.write(`${inFlight} ${reads}\n`);
      const { done, value } = await lines.next();
      const micros = Number(value);
      if (done || !(micros > 0)) throw new Error(`${file} printed ${done ? 'nothing' : value}.`);
      return micros;
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
