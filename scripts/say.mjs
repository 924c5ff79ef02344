// @ts-check
// Prints a step of scripts/run.mjs with the seconds since its start.
const startedAt = Number(process.env['KMS_SECRETS_RUN_STARTED'] ?? Date.now());
console.log(`[${((Date.now() - startedAt) / 1000).toFixed(1)} s] ${process.argv[2] ?? ''}`);
