import { describe, expect, test } from 'vitest';
import { judge, sentinel } from '../../scripts/sentinel.mjs';

const node = (script: string): string[] => [process.execPath, '-e', script];
const prints = (...lines: string[]): string[] => node(`process.stdout.write(${JSON.stringify(lines.join('\n'))})`);
const quiet = node('');
const closing = '7 passed, 0 failed, 1 skipped';

/** What a run of these two printed, line by line, and how it ended. */
async function run(parts: { gate?: string[]; tests?: string[] }): Promise<{ exitCode: number; lines: string[] }> {
  let printed = '';
  const print = (text: string): void => void (printed += text);
  const exitCode = await judge({ gate: quiet, tests: prints(closing), print, ...parts });
  return { exitCode, lines: printed.trimEnd().split('\n') };
}

describe('a test run', () => {
  test('passes and ends with the closing line of the tests', async () => {
    expect(await run({ gate: prints('ok lint') })).toEqual({ exitCode: 0, lines: ['ok lint', closing] });
  });

  test('that prints a secret fails, says how often and where, and never what', async () => {
    const leak = `${sentinel}of-the-test`;

    const { exitCode, lines } = await run({ gate: prints('fine', leak), tests: prints(`${leak} ${leak}`, closing) });

    expect(exitCode).toBe(1);
    expect(lines.slice(3)).toEqual([
      "A secret's value was printed 3 times: lines 2, 3, 3, counted from the gate's first.",
      '7 passed, 1 failed, 1 skipped',
    ]);
    expect(lines.slice(3).join()).not.toContain(sentinel);
  });

  test.each([
    ['on stderr', `process.stderr.write('${sentinel}x')`],
    ['in two pieces', `process.stdout.write('s3cr'); setTimeout(() => process.stdout.write('et-x'), 50)`],
    ['in colours', `process.stdout.write('s3cr\\u001b[31met-x')`],
    ['with no end of line', `process.stdout.write('${sentinel}')`],
  ])('sees a secret %s', async (_, script) => {
    const { exitCode, lines } = await run({ gate: node(script) });

    expect(exitCode).toBe(1);
    expect(lines.at(-1)).toBe('7 passed, 1 failed, 1 skipped');
  });

  test('with a failing gate still runs the tests, and counts the gate as one failure', async () => {
    const { exitCode, lines } = await run({ gate: node('process.exit(3)') });

    expect(exitCode).toBe(1);
    expect(lines).toEqual(['The gate failed: its steps stand above.', '7 passed, 1 failed, 1 skipped']);
  });

  test('with a failing test fails', async () => {
    const failing = node("console.log('6 passed, 1 failed, 0 skipped'); process.exit(1)");

    expect(await run({ tests: failing })).toEqual({ exitCode: 1, lines: ['6 passed, 1 failed, 0 skipped'] });
  });

  test('whose tests die without a word fails', async () => {
    expect(await run({ tests: node('process.exit(9)') })).toEqual({
      exitCode: 1,
      lines: ['0 passed, 1 failed, 0 skipped'],
    });
  });

  test('whose tests end badly after the last test fails', async () => {
    const { exitCode, lines } = await run({ tests: node(`console.log('${closing}'); process.exit(9)`) });

    expect(exitCode).toBe(1);
    expect(lines.at(-1)).toBe('7 passed, 1 failed, 1 skipped');
  });
});
