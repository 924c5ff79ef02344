import { expect, test } from 'vitest';
import { parseJsonSetting } from './json-setting.ts';

const names = new Set(['regionId', 'clientKeyFile', 'caFilePath', 'ca']);

/** The error of a text in an environment variable. */
function errorOf(text: string): string {
  const setting = parseJsonSetting(text, text, names);
  return 'error' in setting ? setting.error : 'no error';
}

const backslashHint = 'write each backslash of a path twice, or write / instead';

test.each([
  [String.raw`[{"regionId":"cn","clientKeyFile":"C:\app\k.json"}]`, 'clientKeyFile', String.raw`\app`],
  [String.raw`[{"caFilePath":"C:\keys\ca.pem"}]`, 'caFilePath', String.raw`\keys`],
  [String.raw`[{"caFilePath":"\\srv\keys"}]`, 'caFilePath', String.raw`\keys`],
  [String.raw`[{\"caFilePath\":\"C:\keys\ca.pem\"}]`, 'caFilePath', String.raw`\keys`],
])('points at the first single backslash of %j', (text, name, at) => {
  expect(errorOf(text)).toBe(`invalid JSON at character ${text.indexOf(at) + 1}, after "${name}":; ${backslashHint}`);
});

test.each([
  ['[{"ca":"-----BEGIN CERTIFICATE-----\nMII"}]', String.raw`after "ca":; write a line break inside quotes as \n`],
  ["[{'regionId':'cn-hangzhou'}]", 'at character 3; JSON needs double quotes'],
  ['[{"regionId":cn-hangzhou}]', 'at character 14, after "regionId":; did you forget a quote?'],
  ['[{regionId:"cn-hangzhou"}]', 'at character 3; did you forget a quote?'],
  ['[{"regionId":"cn-hangzhou"}] # ours', 'at character 30; a comment needs a line of its own'],
  ['[{"regionId":"cn-hangzhou"}', 'at character 28'],
  [String.raw`[{"caFilePath":"C:\new\"]`, `at character 26; ${backslashHint}`],
])('explains the error in %j', (text, error) => {
  expect(errorOf(text).endsWith(error)).toBe(true);
});

test('reads valid JSON with doubled backslashes', () => {
  const text = String.raw`[{"caFilePath":"C:\\keys\\ca.pem"}]`;

  expect(parseJsonSetting(text, text, names)).toEqual({ json: [{ caFilePath: String.raw`C:\keys\ca.pem` }] });
});
