import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CapturedStream } from '../test-host.fixture.ts';
import { startChild } from './child.ts';
import type { ChildEnd } from './child.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-child-'));
const out = join(folder, 'out');
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script whose file descriptor 3 has a value. */
function runWithFd(value: string, script: string, memoryFolder?: string): Promise<ChildEnd> {
  const target = { kind: 'fd', fd: 3, name: 'prod/tls', key: undefined } as const;
  return startChild({
    command: ['sh', '-c', script],
    environment: { PATH: process.env['PATH'], OUT: out },
    values: [{ target, value: new TextEncoder().encode(value) }],
    masked: undefined,
    stdout: new CapturedStream(),
    stderr: new CapturedStream(),
    memoryFolder,
  }).ended;
}

const large = `s3cret-${'x'.repeat(300_000)}`;

test.each([
  ['a file in memory', undefined],
  ['a pipe, without a file system in memory', '/nonexistent'],
])('passes a large value by %s', async (_, memoryFolder) => {
  expect(await runWithFd(large, 'cat <&3 > "$OUT"', memoryFolder)).toEqual({ code: 0 });
  expect(readFileSync(out, 'utf8') === large).toBe(true);
});

test('a program that does not read its pipe is no error', async () => {
  expect(await runWithFd(large, 'exec 3<&-; exit 3', '/nonexistent')).toEqual({ code: 3 });
});

test('leaves no file in memory', async () => {
  await runWithFd('s3cret-1', 'cat <&3 > /dev/null', folder);

  expect(readdirSync(folder).filter((name) => name.startsWith('kms-secrets'))).toEqual([]);
});

test('a reader that is slower than the program gets all of the masked output', async () => {
  let text = '';
  const slow = new CapturedStream();
  slow.write = (chunk, written) => {
    setTimeout(() => {
      text += Buffer.from(chunk as Uint8Array).toString();
      written?.();
    }, 60);
    return true;
  };
  const { ended } = startChild({
    command: ['sh', '-c', 'echo out'],
    environment: { PATH: process.env['PATH'] },
    values: [],
    masked: [],
    stdout: slow,
    stderr: new CapturedStream(),
    outputTimeout: 5,
  });

  expect(await ended).toEqual({ code: 0 });
  expect(text).toBe('out\n');
});
