// @ts-check
// Runs in a new process. Measures one import, in milliseconds and in bytes of resident memory.
import { readTask } from '../../support/processes.mjs';

const { specifier } = readTask();
const memory = process.memoryUsage.rss();
const startedAt = performance.now();
await import(specifier);
const ms = performance.now() - startedAt;
console.log(JSON.stringify({ ms, bytes: process.memoryUsage.rss() - memory }));
