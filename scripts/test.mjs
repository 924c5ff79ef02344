// @ts-check
// `npm test`: the gate, then every test, and no secret's value in anything that either printed.
import { provide } from './needs.mjs';
import { judge } from './sentinel.mjs';

provide((text) => process.stdout.write(text));

process.exitCode = await judge({
  gate: [process.execPath, 'scripts/check.mjs', '--before-tests'],
  tests: [process.execPath, 'node_modules/vitest/vitest.mjs', 'run'],
  print: (text) => process.stdout.write(text),
  // What is read through a pipe would lose its colours.
  env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
});
