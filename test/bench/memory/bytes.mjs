// @ts-check
// In a process of its own: the bytes of heap that each of many secrets of 1 KB takes, in the one way asked for.
import { Secret } from '@kms-secrets/core';
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { clientOver, readAll, secretNames } from '../engine.mjs';
import { partOf } from '../part.mjs';
import { peers } from '../peers.mjs';
import { given } from '../../support/processes.mjs';

const { way, count } = given();
// Names are the application's own, and the same in every way: they are not counted.
const names = secretNames(count);

/** @type {{ dueAt: number; place: number }[] | undefined} */
let items;

/** Each fills something and returns it, so that nothing of it is collected before the count. */
/** @type {Record<string, () => unknown>} */
const ways = {
  Map: () => new Map(names.map((name) => [name, value()])),
  ours: fillOurs,
  schedule: fillSchedule,
};
const fill = ways[way] ?? (() => fillPeer(way));
await fillOnce(); // what is made once, such as code, is no entry's
const before = await settledHeap();
const filled = await fill();
const bytes = ((await settledHeap()) - before) / count;
console.log(JSON.stringify({ bytes, isHeld: filled !== undefined }));

async function fillOnce() {
  const all = names.splice(100);
  await fill();
  for (const name of all) names.push(name);
}

async function settledHeap() {
  for (let turn = 0; turn < 4; turn += 1) {
    await nextTurn();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

/** The heap over what is there anyway: an entry has its due time and its place in it, which are counted with the entry. */
async function fillSchedule() {
  const { DueHeap, nowhere } = await partOf('@kms-secrets/core', 'refresh/due-heap.ts');
  items ??= Array.from({ length: count }, () => ({ dueAt: 0, place: nowhere }));
  const heap = new DueHeap();
  for (const [index, item] of items.slice(0, names.length).entries()) {
    item.place = nowhere;
    heap.set(item, 3_600_000 + ((index * 7_919) % count));
  }
  return heap;
}

/** Real replies of KMS through the real decoder: only then is all that an entry keeps alive the same as in a service. */
async function fillOurs() {
  const { decodeSecret } = await partOf('@kms-secrets/core', 'transports/openapi/decode.ts');
  const client = clientOver(
    async (request) => {
      const decoded = decodeSecret(reply(request.name), request, 'kms.example');
      const { name, versionId, dataType, stages, type, rotation, requestId } = decoded;
      const createdAt = decoded.createdAt.getTime();
      // Once more, by the class that the client knows: the decoder's own is another copy of it.
      return new Secret({
        name,
        versionId,
        value: decoded.text(),
        dataType,
        stages,
        type,
        rotation,
        requestId,
        createdAt,
      });
    },
    { ttl: '1h' },
  );
  await readAll(names, (name) => client.get(name));
  if (client.stats().secrets !== names.length) throw new Error('Not every secret is in memory.');
  return client;
}

/** @param {string} peer */
async function fillPeer(peer) {
  const open = peers[peer];
  if (open === undefined) throw new Error(`${peer} is no way to keep a secret.`);
  const cache = await open(async () => value(), count);
  await readAll(names, cache.read);
  return cache;
}

/** One flat text of 1,024 bytes: a text that was joined or cut out of another would keep that one alive. */
function value() {
  return Buffer.from(`s3cret-${randomBytes(512).toString('hex')}`).toString('latin1', 0, 1_024);
}

/** @param {string} name */
function reply(name) {
  return Buffer.from(
    JSON.stringify({
      RequestId: randomBytes(16).toString('hex'),
      SecretName: name,
      VersionId: randomBytes(16).toString('hex'),
      CreateTime: '2026-01-02T03:04:05Z',
      SecretData: value(),
      SecretDataType: 'text',
      AutomaticRotation: 'Disabled',
      SecretType: 'Generic',
      VersionStages: { VersionStage: ['ACSCurrent'] },
    }),
  );
}
