// Two releases side by side: A reads and writes one format version, B reads the next one too, C writes it. A is a release of the
// past, as it was published; B and C are built from the present code.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildRelease, unpackRelease } from '../support/releases.mjs';
import { countWith, openMixedFleet } from './mixed-fleet.ts';
import type { MixedFleet } from './mixed-fleet.ts';

const releases = { A: '', B: '', C: '' };
type Pair = readonly [keyof typeof releases, keyof typeof releases];
const pairs: readonly Pair[] = [
  ['A', 'B'],
  ['B', 'C'],
  ['A', 'C'],
];
/** An event, and what was measured. */
type Row = readonly [event: string, cell: string];
/** All waits are longer by this factor, so that a busy machine does not end them. */
const slowdown = 4;
const limits = { timeout: 180_000 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kms-secrets-releases-'));
  for (const name of ['A', 'B', 'C'] as const) releases[name] = join(folder, name);
  await unpackRelease(releases.A, new URL('fixtures/format-1/', import.meta.url));
  await buildRelease(releases.B, [1, 2]);
  await buildRelease(releases.C, [2, 1]);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The rows of one pair in the table of docs/store-format.md. Those of rolling a fleet begin with the store and a colon. */
async function documented(pair: Pair, group: 'sharing' | 'Redis' | 'folder'): Promise<Row[]> {
  const document = await readFile(new URL('../../docs/store-format.md', import.meta.url), 'utf8');
  const [, table = ''] = document.split('<!-- mixed fleet -->');
  const lines = table.split('\n').filter((line) => line.startsWith('|'));
  const [header = [], , ...rows] = lines.map((line) => line.split('|').map((cell) => cell.trim()));
  const column = header.indexOf(pair.join(' and '));
  const isOfGroup = (event: string): boolean =>
    event.includes(':') ? event.startsWith(`${group}:`) : group === 'sharing';
  return rows.map((cells): Row => [cells[1] ?? '', cells[column] ?? '']).filter(([event]) => isOfGroup(event));
}

test.each(pairs)('releases %s and %s share a Redis', limits, async (...pair) => {
  expect(await share(pair)).toEqual(await documented(pair, 'sharing'));
});

test.each(pairs)('a fleet rolls from %s to %s and back on a Redis without KMS', limits, async (...pair) => {
  expect(await roll(pair, 'Redis')).toEqual(await documented(pair, 'Redis'));
});

test.each(pairs)('a fleet rolls from %s to %s and back on a folder without KMS', limits, async (...pair) => {
  expect(await roll(pair, 'folder')).toEqual(await documented(pair, 'folder'));
});

type Members = readonly Awaited<ReturnType<MixedFleet['start']>>[];

async function share([older, newer]: Pair): Promise<Row[]> {
  const rows: Row[] = [];
  const names = ['by-old', 'by-new', 'refused-old', 'refused-new'];
  const fleet = await openMixedFleet({ stores: 'redis', names, options: { ttl: '1h', deadline: '1m' }, slowdown });
  const start = async (release: string): Promise<Members> => [await fleet.start(release), await fleet.start(release)];
  const old = await start(releases[older]);
  const recent = await start(releases[newer]);
  const all = [...old, ...recent];
  const readBy = (members: Members, name: string): Promise<unknown> =>
    Promise.all(members.map((member) => member.read([name])));

  for (const [event, first, then, name] of [
    ['requests of a start, old processes first', old, recent, 'by-old'],
    ['requests of a start, new processes first', recent, old, 'by-new'],
  ] as const) {
    await readBy(first, name);
    await readBy(then, name);
    rows.push([event, `${await fleet.requests()}`]);
  }
  for (const [event, [finder], name] of [
    ['a rotation that an old process finds', old, 'by-old'],
    ['a rotation that a new process finds', recent, 'by-new'],
  ] as const) {
    const version = (await fleet.kms(['rotate', name])) as string; // the version that it creates
    await finder?.refresh([name]);
    rows.push([`${event} reaches, of 4`, `${await countWith(all, name, version)}`]);
    rows.push([`requests of ${event}`, `${await fleet.requests()}`]);
  }
  for (const [event, [finder], name] of [
    ['a refusal of an old process reaches, of 4', old, 'refused-old'],
    ['a refusal of a new process reaches, of 4', recent, 'refused-new'],
  ] as const) {
    await readBy(all, name);
    await fleet.kms(['deny', name]);
    await finder?.refresh([name]);
    rows.push([event, `${await countWith(all, name, 'ERR_ACCESS_DENIED')}`]);
  }
  return rows;
}

async function roll([older, newer]: Pair, where: 'Redis' | 'folder'): Promise<Row[]> {
  const names = Array.from({ length: 10 }, (_, index) => `secret-${index}`);
  const ofNew = ['new-1', 'new-2', 'new-3'];
  const refused = ['refused-by-old', 'refused-by-new'];
  const all = [...names, ...ofNew, ...refused];
  const fleet = await openMixedFleet({
    stores: where === 'Redis' ? 'redis' : 'file',
    names: all,
    options: { ttl: '1s', deadline: '10s', preload: names },
    slowdown,
  });
  const old = await fleet.start(releases[older]);
  await old.read([...names, ...refused]);
  await old.settled();
  // Before KMS fails, one new process has run: its entries must not replace those that the old release needs.
  const canary = await fleet.start(releases[newer]);
  await canary.refresh(all);
  await canary.settled();
  for (const [index, process] of [old, canary].entries()) {
    const name = refused[index] ?? '';
    await fleet.kms(['deny', name]);
    expect(await process.refresh([name])).toEqual(['ERR_ACCESS_DENIED']);
    await process.settled();
  }
  await canary.stop();
  await fleet.kms(['stop', 'cn-hangzhou']);
  await sleep(1_000 * slowdown); // longer than the TTL

  await old.startReads(names);
  const recent = await fleet.start(releases[newer]);
  await recent.ready();
  const forward = await recent.read(names);
  await recent.startReads(names);
  const oldCounts = await old.stopReads();
  await old.stop();
  const rolledBack = await fleet.start(releases[older]);
  await rolledBack.ready();
  const back = await rolledBack.read(names);
  const recentCounts = await recent.stopReads();
  const missing = failures(await rolledBack.read(ofNew));
  const served = 2 * refused.length - failures([...(await recent.read(refused)), ...(await rolledBack.read(refused))]);

  expect(Math.min(oldCounts.reads, recentCounts.reads)).toBeGreaterThan(10);
  // With the codes of the failed reads, if there are any.
  expect([forward.filter(isError), oldCounts.codes, recentCounts.codes, back.filter(isError)]).toEqual([
    [],
    {},
    {},
    [],
  ]);
  const counts = [
    ['failed reads, rolling forward without KMS', failures(forward) + oldCounts.failed + recentCounts.failed],
    ['failed reads, rolling back without KMS', failures(back)],
    ['of 3 that only new processes had read, missing after the rollback', missing],
    ['refused secrets that either release serves', served],
  ];
  return counts.map(([event, count]): Row => [`${where}: ${event}`, `${count}`]);
}

function isError(version: string): boolean {
  return version.startsWith('ERR_');
}

function failures(versions: readonly string[]): number {
  return versions.filter(isError).length;
}
