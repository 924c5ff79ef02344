import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { stage } from './fixture-app.ts';

test('a unit test in plain Node imports a route and provides its secrets', async () => {
  const directory = join(import.meta.dirname, 'staged/unit-test');
  await stage('unit-test', directory, { packages: ['core', 'next', 'testing'] });

  const { stdout } = await promisify(execFile)(process.execPath, ['--test', 'route.test.js'], { cwd: directory });

  expect(stdout).toMatch(/^# pass 1$|ℹ pass 1/mu);
});
