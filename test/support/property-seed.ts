import fc from 'fast-check';

// Fixed, so that a run fails or passes for everyone alike. `PROPERTY_SEED=random` searches new cases; a failure prints its
// seed, and `PROPERTY_SEED=<seed>` repeats it.
const { PROPERTY_SEED = '20260101' } = process.env;

if (PROPERTY_SEED !== 'random') {
  const seed = Number(PROPERTY_SEED);
  if (!Number.isInteger(seed))
    throw new Error(`PROPERTY_SEED: expected an integer or "random", got "${PROPERTY_SEED}".`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
