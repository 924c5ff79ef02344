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

async function temporaryPath(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'file-store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'secrets');
}

/** Starts a process that opens the store and runs the program, which can call `write(name, fetchedAt)`. */
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
    cwd: import.meta.dirname, // the package resolves to its build from here, as in a user's program
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('200 processes killed during writes lose or corrupt no secret', async () => {
  const path = await temporaryPath();
  /** The newest confirmed write of each name. */
  const written = new Map<string, number>();
  let kills = 0;
  let count = 0;

  async function killOne(writer: number, run: number): Promise<void> {
    // Writes concurrently until it is killed. A line is printed after the write is confirmed.
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
      // Vary the point of the write at which the process is killed.
      if (lines === 1 + (run % 7)) setTimeout(() => child.kill('SIGKILL'), run % 5);
    }
    await exit;
    kills += 1;
    count = Math.max(count, ...written.values()) + 1;
  }
  await Promise.all(
    [1, 2, 3, 4].map(async (writer) => {
      for (let run = 0; run < 50; run += 1) await killOne(writer, run);
    }),
  );

  const store = fileStore({ path, key });
  const events: StoreEvent[] = [];
  store.subscribe?.((event) => events.push(event));
  const lost: string[] = [];
  for (const [name, at] of written) {
    const found = await store.read({ name });
    if (found === undefined || found.fetchedAt < at || found.value !== 's3cret-'.repeat(200)) lost.push(name);
  }
  expect({ kills, secrets: written.size, lost, events }).toEqual({ kills: 200, secrets: 12, lost: [], events: [] });
  const files = await readdir(path);
  expect(files.filter((file) => file.endsWith('.v1')).length).toBeLessThan(16);
}, 180_000);

test('the newest version wins when processes write concurrently', async () => {
  const path = await temporaryPath();
  // Each process writes every fourth timestamp, out of order.
  const writers = [0, 1, 2, 3].map((writer) =>
    start(
      path,
      `for (let step = 0; step < 50; step += 1) {
         await Promise.all(['x', 'y'].map((name) => write(name, ((step * 7) % 50) * 4 + ${writer})));
       }`,
    ),
  );
  const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'close'))[0] as unknown));

  const store = fileStore({ path, key });
  const found = await Promise.all(['x', 'y'].map((name) => store.read({ name })));

  expect(codes).toEqual([0, 0, 0, 0]);
  expect(found.map((secret) => secret?.fetchedAt)).toEqual([199, 199]);
});

test('a secret removed by one process is not restored by another writer', async () => {
  const path = await temporaryPath();
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
