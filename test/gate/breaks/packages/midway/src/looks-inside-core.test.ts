import { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API of the others
import { expect, test } from 'vitest';

test('core from inside', () => expect(secret).toBeDefined());
