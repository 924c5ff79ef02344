import { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): by their doors
import { expect, test } from 'vitest';

test('core from inside', () => expect(secret).toBeDefined());
