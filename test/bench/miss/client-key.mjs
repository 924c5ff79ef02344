// @ts-check
// Runs in its own process. Measures how long a signature with a client key blocks the main thread, with our client (which signs on
// the thread pool) and with `crypto.sign` on the main thread.
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inRounds } from '../measure.mjs';
import { importInternal } from '../import-internal.mjs';
import { readTask } from '../../support/processes.mjs';

const { rounds, signatures } = readTask();
const { key, pkcs12 } = testKey();
const { openClientKey } = await importInternal('@kms-secrets/core', 'credentials/client-key.ts');
const clientKey = openClientKey({ json: JSON.stringify(pkcs12[0]?.clientKeyFile), password: key.password });
const privateKey = createPrivateKey({
  key: Buffer.from(key.privateKeyPkcs8DerBase64, 'base64'),
  format: 'der',
  type: 'pkcs8',
});
const text = 'x'.repeat(390);
const contenders = {
  ours: () => clientKey.sign(text),
  mainThread: async () => sign('sha256', Buffer.from(text), privateKey),
};
const samples = await inRounds(contenders, rounds, async (signText) => {
  const before = performance.eventLoopUtilization();
  for (let done = 0; done < signatures; done += 1) await signText();
  return (performance.eventLoopUtilization(before).active * 1_000) / signatures;
});
console.log(JSON.stringify(samples));

/**
 * The key from the test vectors of core.
 * @returns {{ key: { password: string; privateKeyPkcs8DerBase64: string }; pkcs12: { clientKeyFile: object }[] }}
 */
function testKey() {
  const vectors = new URL(
    'src/credentials/client-key-vectors.json',
    import.meta.resolve('@kms-secrets/core/package.json'),
  );
  return JSON.parse(readFileSync(vectors, 'utf8'));
}
