import { secret } from '../../packages/core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API
import { expect, test } from 'vitest';

test('core from inside', () => expect(secret).toBeDefined());
