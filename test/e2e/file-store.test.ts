import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileStore } from '@kms-secrets/core';
import type { StoreEvent } from '@kms-secrets/core';
import { expect, onTestFinished, test } from 'vitest';

const key = 'a1b2c3d4'.repeat(8);

async function freshPath(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'file-store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'secrets');
}

/** A process of its own that opens the folder, with `write(name, fetchedAt)` at hand, and runs the program. */
function start(path: string, program: string): ChildProcessByStdio<null, Readable, null> {
  const source = `
    import { fileStore } from '@kms-secrets/core';
    const store = fileStore({ path: ${JSON.stringify(path)}, key: ${JSON.stringify(key)} });
    const write = (name, fetchedAt) => store.write({ name }, {
      name, fetchedAt, versionId: String(fetchedAt), stages: [], type: 'Generic', dataType: 'text', value: 's3cret-'.repeat(200),
    });
    ${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: import.meta.dirname, // from here the package is found as a user's program finds it: built
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('of 200 processes killed in the middle of their writes none loses or breaks a secret', async () => {
  const path = await freshPath();
  /** By name, the newest that a process was told is written. */
  const written = new Map<string, number>();
  let kills = 0;
  let count = 0;

  async function killOne(writer: number, turn: number): Promise<void> {
    // Writes, several at a time, until it dies; what it prints is on the disk by then.
    const child = start(
      path,
      `for (let at = ${count}; ; at += 1) await Promise.all(['a', 'b', 'c'].map(async (name) => {
         await write(name + ${writer}, at);
         process.stdout.write(name + ${writer} + ' ' + at + '\\n');
       }));`,
    );
    const { stdout } = child;
    let lines = 0;
    const exit = once(child, 'close');
    for await (const line of createInterface({ input: stdout })) {
      const [name = '', at] = line.split(' ');
      written.set(name, Math.max(Number(at), written.get(name) ?? -1));
      lines += 1;
      // Not always at the same point of a write.
      if (lines === 1 + (turn % 7)) setTimeout(() => child.kill('SIGKILL'), turn % 5);
    }
    await exit;
    kills += 1;
    count = Math.max(count, ...written.values()) + 1;
  }
  await Promise.all(
    [1, 2, 3, 4].map(async (writer) => {
      for (let turn = 0; turn < 50; turn += 1) await killOne(writer, turn);
    }),
  );

  const store = fileStore({ path, key });
  const news: StoreEvent[] = [];
  store.subscribe?.((item) => news.push(item));
  const lost: string[] = [];
  for (const [name, at] of written) {
    const found = await store.read({ name });
    if (found === undefined || found.fetchedAt < at || found.value !== 's3cret-'.repeat(200)) lost.push(name);
  }
  expect({ kills, secrets: written.size, lost, news }).toEqual({ kills: 200, secrets: 12, lost: [], news: [] });
  const files = await readdir(path);
  expect(files.filter((file) => file.endsWith('.v1')).length).toBeLessThan(16);
}, 180_000);

test('of processes that write the same secrets at the same time the newest answers stay', async () => {
  const path = await freshPath();
  // Each has every fourth moment: later ones come from the same process as earlier ones, and from all in no order.
  const writers = [0, 1, 2, 3].map((writer) =>
    start(
      path,
      `for (let turn = 0; turn < 50; turn += 1) {
         await Promise.all(['x', 'y'].map((name) => write(name, ((turn * 7) % 50) * 4 + ${writer})));
       }`,
    ),
  );
  const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'close'))[0] as unknown));

  const store = fileStore({ path, key });
  const found = await Promise.all(['x', 'y'].map((name) => store.read({ name })));

  expect(codes).toEqual([0, 0, 0, 0]);
  expect(found.map((secret) => secret?.fetchedAt)).toEqual([199, 199]);
});

test('what one process removes is not written back by another that is at work on the same folder', async () => {
  const path = await freshPath();
  const writer = start(
    path,
    `await write('gone', 1);
     process.stdout.write('ready\\n');
     for (let at = 2; at < 100; at += 1) await write('other' + (at % 9), at);`,
  );
  await once(writer.stdout, 'data');
  const store = fileStore({ path, key });

  await store.remove({ name: 'gone' });
  await once(writer, 'close');

  expect(await store.read({ name: 'gone' })).toBeUndefined();
  expect((await store.read({ name: 'other0' }))?.fetchedAt).toBe(99);
});
