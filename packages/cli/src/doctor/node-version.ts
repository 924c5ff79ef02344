import type { Check } from './check.ts';
import { failed, ok } from './check.ts';

/** The first supported minor version of each major version, as `engines` in package.json has it. */
const firstMinor: ReadonlyMap<number, number> = new Map([
  [20, 19],
  [22, 12],
]);
const firstUnlistedMajor = 24;

export function checkNodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const first = firstMinor.get(major);
  const isSupported = first === undefined ? major >= firstUnlistedMajor : minor >= first;
  if (isSupported) return ok('node', '', `Node.js ${version}`);
  return failed('node', '', `Node.js ${version} is not supported. Use 20.19, 22.12, 24 or later.`);
}
