import { expect, test } from 'vitest';
import { TestHost } from './test-host.fixture.ts';

test.each([
  [['gte', 'x'], 'Unknown command "gte"; did you mean "get"?'],
  [['exce'], 'Unknown command "exce"; did you mean "exec"?'],
  [['frobnicate'], 'Unknown command "frobnicate". Commands: get, exec, doctor'],
  [['--hlep'], 'Unknown option "--hlep". Commands:'],
  [['get', 'x', '--revel'], 'Unknown option --revel of "get"; did you mean "--reveal"?'],
  [['get', 'x', '--reval=yes'], 'Unknown option --reval of "get"; did you mean "--reveal"?'],
  [['get', 'x', '--frobnicate'], 'Unknown option --frobnicate of "get".'],
  [['get', 'x', '-x'], 'Unknown option -x of "get".'],
  [['get', 'x', '--__proto__'], 'Unknown option --__proto__ of "get".'],
  [['get', 'x', '--stage'], '--stage needs a value: --stage=STAGE'],
  [['get', 'x', '--stage='], '--stage needs a value: --stage=STAGE'],
  [['get', 'x', '--stage', '--reveal'], '--stage needs a value, and an option follows it.'],
  [['get', 'x', '--reveal=yes'], '--reveal takes no value.'],
  [['get', 'x', '--stage', 'a', '--stage', 'b'], '--stage was given twice.'],
  [['get'], '"get" needs the name of one secret.'],
  [['get', 'a', 'b'], '"get" takes the name of one secret; unexpected: b.'],
  [['get', 'a', '--', 'b'], '"get" takes no command after --.'],
  [['get', 'a', '--timeout', 'soon'], '--timeout must be a duration'],
  [['get', 'a\u001B[31m', 'b\u001B[31m'], 'unexpected: b?[31m.'],
])('rejects %j', async (argv, message) => {
  const { code, stdout, stderr } = await new TestHost().run(...argv);

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/\nSee: kms-secrets( get)? --help\n$/u);
});

test('prints its help and that of a command', async () => {
  const overview = await new TestHost().run('--help');
  const get = await new TestHost().run('get', '--help');

  expect(overview).toMatchObject({ code: 0, stderr: '' });
  expect(overview.stdout).toContain('  get ');
  expect(get).toMatchObject({ code: 0, stderr: '' });
  expect(get.stdout).toContain('Usage: kms-secrets get NAME');
  expect(get.stdout.split('\n').every((line) => line.length <= 130)).toBe(true);
  expect(await new TestHost().run('help', 'get')).toEqual(get);
});

test('without a command, prints the help as an error', async () => {
  expect(await new TestHost().run()).toMatchObject({ code: 2, stdout: '' });
});

test('prints the version', async () => {
  expect((await new TestHost().run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
});
