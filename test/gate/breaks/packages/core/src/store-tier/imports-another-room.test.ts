import { other } from '../endpoint/other.ts'; // breaks eslint(no-restricted-imports): A test of store-tier/
import { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A test of store-tier/
import { expect, test } from 'vitest';

test('two rooms', () => expect([other, createClient]).toBeDefined());
