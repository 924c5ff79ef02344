import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { maxFileBytes, machine, workingDirectory } from './environment.ts';

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('returns the current environment of the process', () => {
  const { environment } = machine;
  expect(environment['KMS_SECRETS_FAKE']).toBeUndefined();

  process.env['KMS_SECRETS_FAKE'] = 'x';
  onTestFinished(() => {
    delete process.env['KMS_SECRETS_FAKE'];
  });

  expect(machine.environment['KMS_SECRETS_FAKE']).toBe('x');
});

test('returns the working directory of the process', () => {
  expect(machine.workingDirectory()).toBe(process.cwd());
});

test('a removed working directory is undefined', () => {
  const withoutDirectory = { ...machine, workingDirectory: () => machine.readFile('/nowhere/at/all').toString() };

  expect(workingDirectory(withoutDirectory)).toBeUndefined();
});

test('reads a whole file', () => {
  const path = join(directory(), 'file');
  writeFileSync(path, 'some text');

  expect(Buffer.from(machine.readFile(path)).toString()).toBe('some text');
});

test('reads one byte more than the maximum of a large file', () => {
  const path = join(directory(), 'file');
  writeFileSync(path, Buffer.alloc(maxFileBytes + 1_000));

  expect(machine.readFile(path)).toHaveLength(maxFileBytes + 1);
});

test('throws the error of Node for a directory or a missing file', () => {
  expect(() => machine.readFile(tmpdir())).toThrow(/EISDIR/u);
  expect(() => machine.readFile('/nowhere/at/all')).toThrow(/ENOENT/u);
});

/** A named pipe, which only a reader opens unless the test starts a writer. */
function namedPipe(): string {
  const path = join(directory(), 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}

test('reads a named pipe whose writer opens it later', () => {
  const path = namedPipe();
  const writer = spawn('sh', ['-c', `sleep 0.1; printf some > "${path}"; sleep 0.1`]);
  onTestFinished(() => void writer.kill());

  expect(Buffer.from(machine.readFile(path)).toString()).toBe('some');
});

test('reads a named pipe whose writer has opened it and writes later', () => {
  const path = namedPipe();
  const writer = spawn('sh', ['-c', `exec 3> "${path}"; sleep 0.1; printf some >&3; sleep 0.1`]);
  onTestFinished(() => void writer.kill());

  expect(Buffer.from(machine.readFile(path)).toString()).toBe('some');
});

test('does not wait for a writer that never opens a named pipe', () => {
  expect(() => machine.readFile(namedPipe())).toThrow(expect.objectContaining({ code: 'ETIMEDOUT' }));
});

test('require follows symbolic links after a named pipe was read', () => {
  const folder = directory();
  mkdirSync(join(folder, 'store/package'), { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'store/package/index.js'), '');
  for (const name of ['before', 'after']) symlinkSync('../store/package', join(folder, 'node_modules', name));
  const { resolve } = createRequire(join(folder, 'app.js'));
  resolve('before'); // the fault needs a folder that the loader has seen
  const path = namedPipe();
  statSync(folder); // another test may have removed a pipe, which is a stat of it

  expect(() => machine.readFile(path)).toThrow(expect.objectContaining({ code: 'ETIMEDOUT' }));

  expect(resolve('after')).toBe(join(folder, 'store/package/index.js'));
});

test('throws the error of stat for a file in a folder that the process may not enter', () => {
  const folder = directory();
  chmodSync(folder, 0o000);
  becomeOrdinaryUser();

  expect(() => machine.readFile(join(folder, 'file'))).toThrow(
    expect.objectContaining({ code: 'EACCES', syscall: 'stat' }),
  );
});

/** Root may enter every folder. */
function becomeOrdinaryUser(): void {
  if (process.getuid?.() !== 0) return;
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
}
