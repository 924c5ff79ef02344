import { expect, test } from 'vitest';
import { checksOf } from './soak/checks.mjs';
import { soak } from './soak/soak.mjs';

test('fails no read and leaks nothing in a minute of outages and rotations', async () => {
  const run = await soak({ seconds: 60, seed: 4, rate: 1_000, stores: 'file', log: () => {} });

  expect(new Set(run.schedule.incidents.map(({ kind }) => kind)).size).toBe(8);
  expect(checksOf(run).filter(({ passed }) => !passed)).toEqual([]);
}, 180_000);
