import { createServer } from 'node:http';
import { fakeClock } from '../fake-clock.ts';
export const server = (): unknown => setTimeout(() => [createServer(), fakeClock], 1);
