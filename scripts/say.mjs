// @ts-check
// Prints one step of scripts/run.mjs with the seconds since it started.
const started = Number(process.env['KMS_SECRETS_RUN_STARTED'] ?? Date.now());
console.log(`[${((Date.now() - started) / 1000).toFixed(1)} s] ${process.argv[2] ?? ''}`);
