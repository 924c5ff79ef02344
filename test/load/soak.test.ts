import { expect, test } from 'vitest';
import { soak } from './soak/soak.mjs';
import { verdictsOn } from './soak/verdicts.mjs';

test('in a minute of rotations, outages and refusals no read fails, nothing is kept, and every handle is given back', async () => {
  const run = await soak({ seconds: 60, seed: 4, rate: 1_000, stores: 'file', say: () => {} });

  expect(new Set(run.script.troubles.map(({ kind }) => kind)).size).toBe(8);
  expect(verdictsOn(run).filter(({ holds }) => !holds)).toEqual([]);
}, 180_000);
