import { other } from '../secret/other.ts'; // breaks eslint(no-restricted-imports): A test of time/
import { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A test of time/
import { expect, test } from 'vitest';

test('two rooms', () => expect([other, createClient]).toBeDefined());
