import { keep } from '../../config/keep.ts'; // breaks eslint(no-restricted-imports): A test of transports/
import { expect, test } from 'vitest';

test('two rooms', () => expect(keep).toBeDefined());
