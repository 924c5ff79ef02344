import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('the last line counts tests; a file that cannot be loaded has failed', async () => {
  const folder = await mkdtemp(join(root, 'node_modules/.closing-line-'));
  await writeFile(join(folder, 'broken.test.ts'), "import './nowhere.ts';");
  await writeFile(
    join(folder, 'some.test.ts'),
    `import { expect, test } from 'vitest';
     test('passes', () => expect(1).toBe(1));
     test('fails', () => expect(1).toBe(2));
     test.skip('is skipped', () => expect(1).toBe(2));`,
  );
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `import { ClosingLine } from ${JSON.stringify(join(root, 'test/support/closing-line.ts'))};
     export default { test: { reporters: ['default', new ClosingLine()], exclude: [] } };`,
  );

  const output = await new Promise<string>((resolve) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    execFile(process.execPath, [vitest, 'run'], { cwd: folder }, (_, stdout) => resolve(stdout));
  });
  await rm(folder, { recursive: true });

  expect(output.trimEnd().split('\n').at(-1)).toBe('1 passed, 2 failed, 1 skipped');
});
