import * as nodeModule from 'node:module';
import type * as AsyncHooks from 'node:async_hooks';
import type * as BufferModule from 'node:buffer';
import type * as Crypto from 'node:crypto';
import type * as DiagnosticsChannel from 'node:diagnostics_channel';
import type * as Dns from 'node:dns';
import type * as Fs from 'node:fs';
import type * as Http from 'node:http';
import type * as Https from 'node:https';
import type * as Net from 'node:net';
import type * as Os from 'node:os';
import type * as Path from 'node:path';
import type * as Tls from 'node:tls';

/** The modules that core uses from its start to its first fetch, and those whose properties the app may replace. */
interface BuiltinModules {
  readonly 'node:async_hooks': typeof AsyncHooks;
  readonly 'node:buffer': typeof BufferModule;
  readonly 'node:crypto': typeof Crypto;
  readonly 'node:diagnostics_channel': typeof DiagnosticsChannel;
  readonly 'node:dns': typeof Dns;
  readonly 'node:fs': typeof Fs;
  readonly 'node:net': typeof Net;
  readonly 'node:os': typeof Os;
  readonly 'node:path': typeof Path;
  readonly 'node:tls': typeof Tls;
}

/**
 * Loads a module of Node without its getters. An `import` evaluates all exports, and some load further modules: Web Crypto for
 * `node:crypto`, the block list for `node:net`, streams for `node:fs`. `import()` is also asynchronous, and the configuration is read
 * synchronously.
 */
export function builtinModule<Name extends keyof BuiltinModules>(name: Name): BuiltinModules[Name] {
  const found: unknown = Reflect.has(process, 'getBuiltinModule')
    ? process.getBuiltinModule(name)
    : createRequireFromNode()(name);
  return found as BuiltinModules[Name]; // the module of that name
}

/** The modules whose functions tracing agents replace. */
interface TracedModules {
  readonly 'node:http': typeof Http;
  readonly 'node:https': typeof Https;
}

/**
 * Loads a module of Node as `require` does. An agent that is loaded with `--require` replaces the functions of a module when it is
 * required: not for an `import` (in a CommonJS app too, because this package is an ES module), and Datadog's not for
 * `getBuiltinModule`. Call functions as properties of the result: an agent may also be loaded later.
 */
export function requireModule<Name extends keyof TracedModules>(name: Name): TracedModules[Name] {
  requireFromNode ??= createRequireFromNode();
  return requireFromNode(name) as TracedModules[Name]; // the module of that name
}

let requireFromNode: ((name: string) => unknown) | undefined;

/**
 * By reflection, because webpack tries to follow a call of `createRequire`, and warns. In a bundle of ncc, the namespace of a module
 * that is a function, as `node:module` is, has only `default`.
 */
function createRequireFromNode(): (name: string) => unknown {
  const exported: object = Reflect.has(nodeModule, 'createRequire') ? nodeModule : Reflect.get(nodeModule, 'default');
  const createRequire = Reflect.get(exported, 'createRequire') as (path: string) => (name: string) => unknown;
  return createRequire(process.execPath);
}
