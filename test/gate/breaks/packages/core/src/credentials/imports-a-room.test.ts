import { entry } from '../cache/entry.ts'; // breaks eslint(no-restricted-imports): A test of an edge
import { other } from '../config/other.ts'; // breaks eslint(no-restricted-imports): A test of an edge
import { expect, test } from 'vitest';

test('an edge and a room', () => expect([entry, other]).toBeDefined());
