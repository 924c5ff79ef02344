import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commands } from '../commands.ts';
import { TestHost } from '../test-host.fixture.ts';
import { completionScript, shells } from './scripts.ts';

/** What bash offers for the last of the words. */
function complete(...words: readonly string[]): readonly string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const program = `${completionScript('bash', commands)}
COMP_WORDS=(kms-secrets ${list}); COMP_CWORD=${words.length}
_kms_secrets
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', program], { encoding: 'utf8', cwd: import.meta.dirname })
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

test.each([
  [['g'], ['get']],
  [['do'], ['doctor']],
  [['--v'], ['--version']],
  [
    ['get', '--st'],
    ['--stage', '--store', '--store-key-file', '--store-prefix'],
  ],
  [['doctor', '--j'], ['--json']],
  [['exec', '--res'], ['--restart-on-rotation']],
  [['exec', '--env', ''], []],
  [['get', 'x', '--store-key-file', 'scripts.te'], ['scripts.test.ts']],
  [['exec', '--env', 'A=b', '--', 'bas'], expect.arrayContaining(['bash'])],
  [['exec', '--env', 'A=b', '--', 'bash', 'scripts.te'], ['scripts.test.ts']],
  [['completion', ''], expect.arrayContaining(['bash', 'fish', 'zsh'])],
  [['fake', 'ro'], ['rotate']],
  [['fake', 'rotate', '--val'], ['--value-file']],
  [['nope', ''], []],
])('bash completes %j', (words, expected) => {
  expect(complete(...words)).toEqual(expected);
});

test.each(shells)('the script for %s has every command and option', async (shell) => {
  const { code, stdout } = await new TestHost().run('completion', shell);

  expect(code).toBe(0);
  for (const { name, options } of commands) {
    for (const word of name.split(' ')) expect(stdout).toContain(word);
    for (const option of Object.keys(options))
      expect(stdout).toMatch(new RegExp(String.raw`(?:--|-l )${option}\b`, 'u'));
  }
});

test('needs a shell that it knows', async () => {
  const { code, stderr } = await new TestHost().run('completion', 'powershell');

  expect(code).toBe(2);
  expect(stderr).toContain('one of bash, zsh, fish');
});
