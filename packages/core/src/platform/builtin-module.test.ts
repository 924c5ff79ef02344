import { createRequire } from 'node:module';
import * as net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { builtinModule, requireModule } from './builtin-module.ts';

const descriptor = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule') ?? {};
afterEach(() => {
  Object.defineProperty(process, 'getBuiltinModule', descriptor);
});

test('loads a module of Node synchronously', () => {
  expect(builtinModule('node:net').isIP).toBe(net.isIP);
});

test('loads a module of Node before Node 20.16, which has no getBuiltinModule', () => {
  Reflect.deleteProperty(process, 'getBuiltinModule');

  expect(builtinModule('node:net').isIP).toBe(net.isIP);
});

test('requires a module as an agent of tracing does that replaces its functions', () => {
  expect(requireModule('node:https')).toBe(createRequire(process.execPath)('node:https'));
});
