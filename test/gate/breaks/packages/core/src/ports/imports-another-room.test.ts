import { other } from '../time/other.ts'; // breaks eslint(no-restricted-imports): A test of ports/
import { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A test of ports/
import { expect, test } from 'vitest';

test('two rooms', () => expect([other, createClient]).toBeDefined());
