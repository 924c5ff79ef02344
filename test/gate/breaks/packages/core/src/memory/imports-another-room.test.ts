import { other } from '../endpoint/other.ts'; // breaks eslint(no-restricted-imports): A test of memory/
import { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A test of memory/
import { expect, test } from 'vitest';

test('two rooms', () => expect([other, createClient]).toBeDefined());
