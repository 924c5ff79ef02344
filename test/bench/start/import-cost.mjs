// @ts-check
// In a new process: what one import costs, in milliseconds and in bytes of resident memory.
import { given } from '../../support/processes.mjs';

const { specifier } = given();
const memory = process.memoryUsage.rss();
const begun = performance.now();
await import(specifier);
const ms = performance.now() - begun;
console.log(JSON.stringify({ ms, bytes: process.memoryUsage.rss() - memory }));
