// @ts-check
// Runs in a new process. Measures one import, in milliseconds and in bytes of resident memory. It imports nothing else, and does not
// use `performance`: what it loads of Node would be missing from the cost of the contender.
const { specifier } = JSON.parse(process.env['PROCESS_TASK'] ?? '');
const memory = process.memoryUsage.rss();
const startedAt = process.hrtime.bigint();
await import(specifier);
const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
console.log(JSON.stringify({ ms, bytes: process.memoryUsage.rss() - memory }));
