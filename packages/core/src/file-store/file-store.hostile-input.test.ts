// Everything that another process or an attacker with the key can put into the folder. An unhandled rejection or an uncaught
// exception fails the test run.
import { mkdir } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSecretError } from '../secret/errors.ts';
import { SealedEnvelope } from '../seal/envelope.ts';
import { firstKey, freshPath, sealRaw, stored, writeRaw } from '../seal/stored-secret.fixture.ts';
import { fileStore } from './file-store.ts';
import { allRequests, associatedDataOf, contextOf, encodePack } from './pack.ts';
import type { PackRecord } from './pack.ts';

const deep = 100_000;
/** JSON that is hard to handle: nested deeply, huge, with names of Object.prototype, with numbers that are no JSON numbers. */
const bombs = [
  `${'['.repeat(deep)}${']'.repeat(deep)}`,
  `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  '{"__proto__":{"name":"db"}}',
  '1e400',
  '\u0000',
];
const [location] = new SealedEnvelope([Buffer.from(firstKey, 'base64')]).locations({ name: 'db' });

/** Authentic records of `db` with any text, generation, date and format version. */
function records(): fc.Arbitrary<PackRecord> {
  const secret = fc.record(
    Object.fromEntries(
      Object.entries(stored()).map(([name, value]) => [name, fc.oneof(fc.constant(value as unknown), fc.jsonValue())]),
    ),
  );
  const content = fc.oneof(
    fc.record({ request: fc.oneof(fc.constant(['db', null, null]), fc.jsonValue()), secret }),
    fc.jsonValue(),
  );
  const text = fc.oneof(
    fc.constantFrom(...bombs, ...bombs.map((bomb) => `{"request":["db",null,null],"secret":${bomb}}\ns3cret-x`)),
    content.map((one) => `${JSON.stringify(one)}\ns3cret-x`),
    content.map((one) => JSON.stringify(one)),
  );
  const generation = fc.constantFrom(0, 1, 4_294_967_295);
  const kind = fc.constantFrom('secret' as const, 'removed' as const, 'removedAll' as const);
  const timestamp = fc.oneof(fc.constantFrom(0, 1_767_323_046_000, 8.64e15, Number.NaN), fc.double());
  const version = fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 255 }));
  return fc.tuple(text, generation, kind, timestamp, version).map(([one, number, what, date, byte]) => {
    const requestHash = what === 'removedAll' ? allRequests : location.requestHash;
    const header = { kind: what, generation: number, location: { nameHash: location.nameHash, requestHash } };
    const isSecret = what === 'secret';
    const associatedData = isSecret
      ? Buffer.concat([Buffer.from(location.nameHash + requestHash), associatedDataOf(header)])
      : contextOf(header);
    const raw = { key: firstKey, version: byte, text: one, timestamp: date, associatedData } as const;
    return { ...header, sealed: sealRaw({ ...raw, kind: isSecret ? 'secret' : 'message' }) };
  });
}

test('any file of the folder is served validly or not at all', async () => {
  const pack = fc
    .tuple(fc.array(records(), { maxLength: 4 }), fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.nat(255)))
    .map(([all, version]) => encodePack(all, version));
  const bytes = fc.oneof(
    { weight: 4, arbitrary: pack },
    fc.tuple(pack, fc.nat(300)).map(([one, length]) => one.subarray(0, length)),
    fc.uint8Array({ maxLength: 100 }),
  );
  const file = fc.constantFrom(
    `${location.keyId}-${'0'.repeat(16)}.v1`,
    `${location.keyId}-${'1'.repeat(16)}.v1`,
    `${location.keyId}-${'1'.repeat(16)}.v2`,
    `${location.keyId}-${'2'.repeat(16)}.v00`,
    'salt',
    '.v1',
  );

  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(file, bytes), { maxLength: 3 }), async (files) => {
      const path = await freshPath();
      await mkdir(path, { mode: 0o700 });
      for (const [name, content] of files) await writeRaw(path, name, content);
      const store = fileStore({ path, key: firstKey });

      const found = await store.read({ name: 'db' });
      expect(typeof (found?.value ?? '')).toBe('string');
      for (const change of [
        () => store.write({ name: 'db' }, stored({ fetchedAt: Date.now() })),
        () => store.remove({ name: 'db' }),
        () => store.removeAll('db'),
        () => store.write({ name: 'api' }, stored({ name: 'api' })),
      ]) {
        const error: unknown = await change().catch((reason: unknown) => reason);
        expect(error === undefined || isSecretError(error, 'ERR_STORE')).toBe(true);
      }
      await store.close();
    }),
    { numRuns: 200 },
  );
}, 60_000);
