import { other } from '../refresh/other.ts'; // breaks eslint(no-restricted-imports): A test of a room
import { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A test of a room
import { expect, test } from 'vitest';

test('two rooms at once', () => expect([other, createClient]).toBeDefined());
