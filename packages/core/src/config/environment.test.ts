import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { largestFile, machine, workingDirectory } from './environment.ts';

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('the environment is that of the process, at the time of asking', () => {
  const { environment } = machine;
  expect(environment['KMS_SECRETS_FAKE']).toBeUndefined();

  process.env['KMS_SECRETS_FAKE'] = 'x';
  onTestFinished(() => {
    delete process.env['KMS_SECRETS_FAKE'];
  });

  expect(machine.environment['KMS_SECRETS_FAKE']).toBe('x');
});

test('the working directory is that of the process', () => {
  expect(machine.workingDirectory()).toBe(process.cwd());
});

test('a working directory that was removed is none', () => {
  const gone = { ...machine, workingDirectory: () => machine.readFile('/nowhere/at/all').toString() };

  expect(workingDirectory(gone)).toBeUndefined();
});

test('a file is read whole', () => {
  const path = join(directory(), 'file');
  writeFileSync(path, 'some text');

  expect(Buffer.from(machine.readFile(path)).toString()).toBe('some text');
});

test('of a file that is too large no more is read than shows that it is', () => {
  const path = join(directory(), 'file');
  writeFileSync(path, Buffer.alloc(largestFile + 1_000));

  expect(machine.readFile(path)).toHaveLength(largestFile + 1);
});

test('a directory and a missing file throw what Node throws', () => {
  expect(() => machine.readFile(tmpdir())).toThrow(/EISDIR/u);
  expect(() => machine.readFile('/nowhere/at/all')).toThrow(/ENOENT/u);
});
