import type { Forth } from './turns-in-a-circle.ts'; // breaks import(no-cycle): cycle
export type Back = { forth: Forth };
