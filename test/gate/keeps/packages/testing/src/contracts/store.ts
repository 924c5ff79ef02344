import { describe } from 'vitest';
import { server } from '../fake-kms/server.ts';
export const describeStore = (): void => describe('a store', () => void server());
