import { entry } from './cache/entry.ts'; // breaks eslint(no-restricted-imports): A test of the vocabulary
import { SecretClient } from './client.ts'; // breaks eslint(no-restricted-imports): A test of the vocabulary
import { expect, test } from 'vitest';

test('a word and a room', () => expect([entry, SecretClient]).toBeDefined());
