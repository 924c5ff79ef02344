// @ts-check
// Runs in its own process. Measures the heap bytes per cached secret of 1 KB for one contender.
import { Secret } from '@kms-secrets/core';
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTick } from 'node:timers/promises';
import { createClientWithUpstream, readAll, secretNames } from '../clients.mjs';
import { importInternal } from '../import-internal.mjs';
import { peers } from '../peers.mjs';
import { readTask } from '../../support/processes.mjs';

const { contender, count } = readTask();
// Created before the measurement: names belong to the application and are the same for every contender.
const names = secretNames(count);

/** @type {{ dueAt: number; heapIndex: number }[] | undefined} */
let items;

/** Each fills a container and returns it, so that it is not collected before the measurement. @type {Record<string, () => unknown>} */
const fillFunctions = {
  Map: () => new Map(names.map((name) => [name, value()])),
  ours: fillOurs,
  schedule: fillSchedule,
};
const fill = fillFunctions[contender] ?? (() => fillPeer(contender));
await warmUp(); // one-time allocations, such as compiled code, must not count
const before = await settledHeap();
const filled = await fill();
const bytes = ((await settledHeap()) - before) / count;
console.log(JSON.stringify({ bytes, isRetained: filled !== undefined }));

async function warmUp() {
  const others = names.splice(100);
  await fill();
  for (const name of others) names.push(name);
}

async function settledHeap() {
  for (let run = 0; run < 4; run += 1) {
    await nextTick();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

/** The heap alone. Its items exist before the measurement: due time and heap index are fields of an entry, counted as `ours`. */
async function fillSchedule() {
  const { DueHeap, notInHeap } = await importInternal('@kms-secrets/core', 'memory/due-heap.ts');
  items ??= Array.from({ length: count }, () => ({ dueAt: 0, heapIndex: notInHeap }));
  const heap = new DueHeap();
  for (const [index, item] of items.slice(0, names.length).entries()) {
    item.heapIndex = notInHeap;
    heap.set(item, 3_600_000 + ((index * 7_919) % count));
  }
  return heap;
}

/** Uses responses of KMS and the real decoder, so that an entry retains the same objects as in a service. */
async function fillOurs() {
  const { decodeSecret } = await importInternal('@kms-secrets/core', 'transports/openapi/decode.ts');
  const context = { endpoint: { host: 'kms.example' } };
  const client = createClientWithUpstream(
    async (request) => {
      const decoded = decodeSecret(response(request.name), request, context);
      const { name, versionId, dataType, stages, type, rotation, requestId } = decoded;
      const createdAt = decoded.createdAt.getTime();
      // A new object, because the bundled decoder has its own copy of the class `Secret`.
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
  // The second read creates the promise that later reads share.
  await readAll(names, (name) => client.get(name));
  if (client.stats().secrets !== names.length) throw new Error('Not every secret is in memory.');
  return client;
}

/** @param {string} peer */
async function fillPeer(peer) {
  const open = peers[peer];
  if (open === undefined) throw new Error(`There is no contender ${peer}.`);
  const cache = await open(async () => value(), count);
  await readAll(names, cache.read);
  return cache;
}

/** A flat string of 1,024 bytes. A concatenated or sliced string would retain its parts. */
function value() {
  return Buffer.from(`s3cret-${randomBytes(512).toString('hex')}`).toString('latin1', 0, 1_024);
}

/** @param {string} name */
function response(name) {
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
