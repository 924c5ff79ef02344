import { other } from '../memory/other.ts'; // breaks eslint(no-restricted-imports): A test of platform/
import { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A test of platform/
import { expect, test } from 'vitest';

test('two rooms', () => expect([other, createClient]).toBeDefined());
