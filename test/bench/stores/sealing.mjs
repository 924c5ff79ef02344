// @ts-check
// In a process of its own: what sealing and opening a secret of 1 KB costs beside the bare cipher, as a careful user of it writes it.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { createKeyring } from '@kms-secrets/core';
import { timeInRounds } from '../measure.mjs';
import { given } from '../../support/processes.mjs';
import { benchKey, secretOf1Kb } from './secret-of-1-kb.mjs';

const envelope = await createKeyring({ key: benchKey }).unlock('');
const request = { name: 'app/secret-0', stage: 'ACSCurrent' };
const [location] = envelope.locations(request);
const secret = secretOf1Kb(0);
const key = createSecretKey(Buffer.from(benchKey, 'hex'));
const bound = Buffer.from(location.nameHash + location.requestHash);
const text = JSON.stringify({ request, secret });
const sealed = { bare: bareSeal(), ours: envelope.seal({ request, secret }, location) };
const samples = await timeInRounds(
  {
    bareSeal: repeated(bareSeal),
    seal: repeated(() => envelope.seal({ request, secret }, location)),
    bareOpen: repeated(bareOpen),
    open: repeated(() => envelope.unseal(sealed.ours, location)),
  },
  given(),
);
console.log(JSON.stringify(samples));

function bareSeal() {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(bound);
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function bareOpen() {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.bare.subarray(0, 12));
  decipher.setAAD(bound);
  decipher.setAuthTag(sealed.bare.subarray(-16));
  return Buffer.concat([decipher.update(sealed.bare.subarray(12, -16)), decipher.final()]).toString('utf8');
}

/** @param {() => unknown} act */
function repeated(act) {
  return (/** @type {number} */ times) => {
    for (let done = 0; done < times; done += 1) act();
  };
}
