import { describe, expect, test } from 'vitest';
import { oneCheck, runTests, sentinel } from '../../scripts/test-run.mjs';

const closing = '7 passed, 0 failed, 1 skipped';
const node = (script: string): string[] => [process.execPath, '-e', script];
/** Prints the lines and then, as every command does, a closing line. */
const prints = (...lines: string[]): string[] =>
  node(`process.stdout.write(${JSON.stringify([...lines, closing].join('\n'))})`);

/** The lines that a run of these commands prints, each in a lane of its own, and its exit code. */
async function run(...phases: string[][][]): Promise<{ readonly exitCode: number; readonly lines: readonly string[] }> {
  let printed = '';
  const lanes = phases.map((commands) => commands.map((command) => [command]));
  const exitCode = await runTests({ phases: lanes, print: (text: string) => void (printed += text) });
  return { exitCode, lines: printed.trimEnd().split('\n') };
}

describe('the closing line', () => {
  test('adds up the commands of all phases, and the search for secrets', async () => {
    const { exitCode, lines } = await run([prints('ok build')], [prints('ok lint'), prints('ok tests')]);

    expect(exitCode).toBe(0);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe('ok build');
    expect(lines.at(-1)).toBe('22 passed, 0 failed, 3 skipped');
  });

  test('adds up the commands of a lane, which run one after the other', async () => {
    let printed = '';
    await runTests({
      phases: [[[prints('first'), prints('second')]]],
      print: (text: string) => void (printed += text),
    });

    expect(printed).toBe('first\nsecond\n15 passed, 0 failed, 2 skipped\n');
  });

  test('counts the final checks, which run after the commands', async () => {
    let printed = '';
    const exitCode = await runTests({
      phases: [[[prints('ok tests')]]],
      finalChecks: [() => oneCheck(true), (print) => (print('a file was written\n'), oneCheck(false))],
      print: (text: string) => void (printed += text),
    });

    expect(exitCode).toBe(1);
    expect(printed).toBe('ok tests\na file was written\n9 passed, 1 failed, 1 skipped\n');
  });
});

describe('a failing command', () => {
  test('does not stop the others', async () => {
    const failing = node("console.log('0 passed, 1 failed, 0 skipped'); process.exit(1)");

    expect(await run([failing, prints('beside')], [prints('after')])).toEqual({
      exitCode: 1,
      lines: ['beside', 'after', '15 passed, 1 failed, 2 skipped'],
    });
  });

  test('that prints no closing line counts as one failure', async () => {
    const { exitCode, lines } = await run([node('process.exit(9)')]);

    expect(exitCode).toBe(1);
    expect(lines[0]).toMatch(/^FAIL {2}`.+` ended with 9 and without a closing line$/u);
    expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  });

  test('whose tests all passed counts as one failure', async () => {
    const { exitCode, lines } = await run([node(`console.log('${closing}'); process.exit(9)`)]);

    expect(exitCode).toBe(1);
    expect(lines[0]).toMatch(/^FAIL {2}`.+` ended with 9, although no test failed$/u);
    expect(lines.at(-1)).toBe('8 passed, 1 failed, 1 skipped');
  });
});

describe('a secret value in the output', () => {
  test('fails the run, which names the lines and not the value', async () => {
    const leak = `${sentinel}of-the-test`;

    const { exitCode, lines } = await run([prints('fine', leak)], [prints(`${leak} ${leak}`)]);

    expect(exitCode).toBe(1);
    expect(lines.slice(3)).toEqual([
      'FAIL  the output contains a secret value 3 times, in lines 2, 3, 3',
      '14 passed, 1 failed, 2 skipped',
    ]);
    expect(lines.slice(3).join()).not.toContain(sentinel);
  });

  test.each([
    ['on stderr', `process.stderr.write('${sentinel}x')`],
    ['in two pieces', `process.stdout.write('s3cr'); setTimeout(() => process.stdout.write('et-x'), 50)`],
    ['in colours', `process.stdout.write('s3cr\\u001b[31met-x')`],
    ['without an end of line', `process.stdout.write('${sentinel}')`],
  ])('is found %s', async (_, script) => {
    const { exitCode, lines } = await run([node(`console.error('${closing}'); ${script}`)]);

    expect(exitCode).toBe(1);
    expect(lines.at(-2)).toBe('FAIL  the output contains a secret value 1 times, in lines 1');
  });
});
