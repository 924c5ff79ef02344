// @ts-check
// In a process of its own: how long a signature with a client key keeps the main thread busy, beside one that is made on it.
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inRounds } from '../measure.mjs';
import { partOf } from '../part.mjs';
import { given } from '../../support/processes.mjs';

const { rounds, signatures } = given();
const { key, pkcs12 } = madeUpKey();
const { openClientKey } = await partOf('@kms-secrets/core', 'credentials/client-key.ts');
const clientKey = openClientKey({ json: JSON.stringify(pkcs12[0]?.clientKeyFile), password: key.password });
const bare = createPrivateKey({
  key: Buffer.from(key.privateKeyPkcs8DerBase64, 'base64'),
  format: 'der',
  type: 'pkcs8',
});
const text = 'x'.repeat(390);
const ways = {
  ours: () => clientKey.sign(text),
  bare: async () => sign('sha256', Buffer.from(text), bare),
};
const samples = await inRounds(ways, rounds, async (signed) => {
  const before = performance.eventLoopUtilization();
  for (let done = 0; done < signatures; done += 1) await signed();
  return (performance.eventLoopUtilization(before).active * 1_000) / signatures;
});
console.log(JSON.stringify(samples));

/**
 * The one that core is tested with.
 * @returns {{ key: { password: string; privateKeyPkcs8DerBase64: string }; pkcs12: { clientKeyFile: object }[] }}
 */
function madeUpKey() {
  const vectors = new URL(
    'src/credentials/client-key-vectors.json',
    import.meta.resolve('@kms-secrets/core/package.json'),
  );
  return JSON.parse(readFileSync(vectors, 'utf8'));
}
