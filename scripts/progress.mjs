// @ts-check
// Prints a step of scripts/run.mjs with the seconds since its start.
const startedAt = Number(process.env['RUN_STARTED_AT'] ?? Date.now());
console.log(`[${((Date.now() - startedAt) / 1_000).toFixed(1)} s] ${process.argv[2] ?? ''}`);
