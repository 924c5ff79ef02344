export { setTimeout } from 'node:timers/promises'; // breaks eslint(no-restricted-imports): from the Clock
export { performance } from 'node:perf_hooks'; // breaks eslint(no-restricted-imports): from the Clock
export { env } from 'node:process'; // breaks eslint(no-restricted-imports): config/environment.ts
export const now = Date.now(); // breaks eslint(no-restricted-properties): from the Clock
export const today = new Date(); // breaks syntax(no-restricted-syntax): from the Clock
export const dice = Math.random(); // breaks eslint(no-restricted-properties): Clock.random()
setTimeout(() => now, 1); // breaks eslint(no-restricted-globals): timers of the Clock
export const home = process.env['HOME']; // breaks node(no-process-env): process.env
