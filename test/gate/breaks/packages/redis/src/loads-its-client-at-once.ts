import { Redis } from 'ioredis'; // breaks syntax(no-restricted-syntax): loaded by import()
export { Valkey } from 'iovalkey'; // breaks syntax(no-restricted-syntax): loaded by import()
export const client = new Redis();
