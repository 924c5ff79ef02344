import { SetMetadata } from '@nestjs/common';
import { MetadataScanner, Reflector } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import type { SecretEvents } from '@kms-secrets/core';
import { defaultClient } from './inject-secret.decorator.ts';

const metadataKey = '@kms-secrets/nestjs:rotated';
const reflector = new Reflector();

type RotatedEvent = SecretEvents['rotated'];

interface Subscription {
  readonly secret: string;
  readonly client: string;
}

/** A method decorated with `@OnSecretRotated`. */
interface RotationMethod extends Subscription {
  /** Class and method, such as `Pool.rebuild`. */
  readonly title: string;
  /** `undefined` for a provider in request or transient scope, which has no single instance to call. */
  readonly call: ((event: RotatedEvent) => unknown) | undefined;
}

/**
 * Calls the method after each rotation of the secret, with `{ secret, previousVersionId }`. An error that it throws or rejects
 * with is logged, by its class alone unless it is a `SecretError`.
 *
 * The client keeps the secret fresh until the app has ended, and fetches it if it is not in memory.
 */
export function OnSecretRotated(secret: string, client: string = defaultClient): MethodDecorator {
  // Added to the present metadata: a method may carry the decorator more than once.
  return (target, key, descriptor) =>
    SetMetadata(metadataKey, [...subscriptionsOf(descriptor.value), { secret, client }])(target, key, descriptor);
}

/** The decorated methods of all providers and controllers. */
export function* rotationMethods(modules: ModulesContainer): Generator<RotationMethod> {
  const scanner = new MetadataScanner();
  const wrappers = [...modules.values()].flatMap((each) => [...each.providers.values(), ...each.controllers.values()]);
  const seen = new Set<unknown>();
  for (const wrapper of wrappers) {
    const instance: unknown = wrapper.instance;
    // An instance may be provided under several tokens.
    if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
    seen.add(instance);
    const isSingleton = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    for (const key of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object | null)) {
      const method: unknown = Reflect.get(instance, key);
      if (typeof method !== 'function') continue;
      const call = isSingleton ? (event: RotatedEvent): unknown => Reflect.apply(method, instance, [event]) : undefined;
      const title = `${instance.constructor.name}.${key}`;
      for (const subscription of subscriptionsOf(method)) yield { ...subscription, title, call };
    }
  }
}

function subscriptionsOf(method: unknown): readonly Subscription[] {
  if (typeof method !== 'function') return [];
  return reflector.get<Subscription[] | undefined>(metadataKey, method) ?? [];
}
