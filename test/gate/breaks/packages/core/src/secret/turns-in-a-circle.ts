import type { Back } from './turns-back.ts'; // breaks import(no-cycle): cycle
export type Forth = { back: Back };
