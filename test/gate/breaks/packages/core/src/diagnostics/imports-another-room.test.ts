import { other } from '../memory/other.ts'; // breaks eslint(no-restricted-imports): A test of diagnostics/
import { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A test of diagnostics/
import { expect, test } from 'vitest';

test('two rooms', () => expect([other, createClient]).toBeDefined());
