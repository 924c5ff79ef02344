// @ts-check
// Runs in its own process. Measures sealing and unsealing a secret of 1 KB against AES-256-GCM of node:crypto.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { createKeyring } from '@kms-secrets/core';
import { timeInRounds } from '../measure.mjs';
import { readTask } from '../../support/processes.mjs';
import { benchKey, sampleSecret } from './sample-secret.mjs';

const envelope = await createKeyring({ key: benchKey }).unlock('');
const request = { name: 'app/secret-0', stage: 'ACSCurrent' };
const [location] = envelope.locations(request);
const secret = sampleSecret(0);
const key = createSecretKey(Buffer.from(benchKey, 'hex'));
const associatedData = Buffer.from(location.nameHash + location.requestHash);
const text = JSON.stringify({ request, secret });
const sealed = { reference: encrypt(), ours: envelope.seal({ request, secret }, location) };
const samples = await timeInRounds(
  {
    encrypt: repeated(encrypt),
    seal: repeated(() => envelope.seal({ request, secret }, location)),
    decrypt: repeated(decrypt),
    unseal: repeated(() => envelope.unseal(sealed.ours, location)),
  },
  readTask(),
);
console.log(JSON.stringify(samples));

function encrypt() {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associatedData);
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function decrypt() {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.reference.subarray(0, 12));
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.reference.subarray(-16));
  return Buffer.concat([decipher.update(sealed.reference.subarray(12, -16)), decipher.final()]).toString('utf8');
}

/** @param {() => unknown} action */
function repeated(action) {
  return (/** @type {number} */ times) => {
    for (let done = 0; done < times; done += 1) action();
  };
}
