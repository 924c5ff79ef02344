import type { ArgumentsHost } from '@nestjs/common';
import { SecretSnapshot } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';

/** Weak: a snapshot ends with its request, message or operation. */
class ScopeNode {
  readonly children = new WeakMap<object, ScopeNode>();
  snapshot: SecretSnapshot | undefined;
}

const root = new ScopeNode();

/**
 * The secrets of one client for one HTTP request, one message or one GraphQL operation. `target` is an execution context of Nest,
 * or an HTTP request. Without an object that ends with the message, as on a WebSocket, each call gets a snapshot of its own: it
 * sees the version of its own time.
 */
export function snapshotFor(target: object, client: SecretClient, as: string): SecretSnapshot {
  const snapshot = snapshotOf(scopeOf(target));
  void snapshot.mount(client, { as }); // returns nothing to wait for without names to preload
  return snapshot.of(as);
}

function snapshotOf(scope: readonly object[]): SecretSnapshot {
  if (scope.length === 0) return new SecretSnapshot();
  let node = root;
  for (const part of scope) {
    const child: ScopeNode = node.children.get(part) ?? new ScopeNode();
    node.children.set(part, child);
    node = child;
  }
  node.snapshot ??= new SecretSnapshot();
  return node.snapshot;
}

/** The objects that together exist once per request, message or operation. */
function scopeOf(target: object): readonly object[] {
  if (!isArgumentsHost(target)) return isHttpRequest(target) ? [target] : [];
  switch (target.getType<string>()) {
    case 'http':
      return objectsIn(target.switchToHttp().getRequest());
    case 'rpc':
      // Not the payload: an in-process transport may pass one object many times.
      return objectsIn(target.switchToRpc().getContext());
    case 'graphql':
      return graphqlScope(target);
    default:
      // On a WebSocket Nest creates no object per message: the socket may live for days, and the payload may be a text.
      return [];
  }
}

/**
 * Not the root value: Mercurius has one per process, and Apollo has none. The context may be one per process, too, or one per
 * subscription; `variableValues` are made for each execution.
 */
function graphqlScope(host: ArgumentsHost): readonly object[] {
  const context: unknown = host.getArgByIndex(2);
  const info: unknown = host.getArgByIndex(3);
  const variables: unknown = isObject(info) ? Reflect.get(info, 'variableValues') : undefined;
  return objectsIn(context, variables);
}

function objectsIn(...values: readonly unknown[]): readonly object[] {
  return values.filter(isObject);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isArgumentsHost(target: object): target is ArgumentsHost {
  return ['getType', 'getArgByIndex', 'switchToHttp'].every((name) => typeof Reflect.get(target, name) === 'function');
}

/** A request of Express, Fastify or Node. */
function isHttpRequest(target: object): boolean {
  return typeof Reflect.get(target, 'method') === 'string' && isObject(Reflect.get(target, 'headers'));
}
