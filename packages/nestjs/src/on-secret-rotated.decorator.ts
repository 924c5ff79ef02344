import { SetMetadata } from '@nestjs/common';
import { MetadataScanner, Reflector } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import type { SecretEvents } from '@kms-secrets/core';
import { usualClient } from './inject-secret.decorator.ts';

const marksKey = '@kms-secrets/nestjs:rotated';
const reflector = new Reflector();

type Rotated = SecretEvents['rotated'];

interface Mark {
  readonly secret: string;
  readonly client: string;
}

/** A method that is to be called with each new version of a secret. */
interface RotationMethod extends Mark {
  /** `Pool.rebuild` */
  readonly title: string;
  /** `undefined` where there is no single instance to call it on: of a provider in request or transient scope. */
  readonly call: ((event: Rotated) => unknown) | undefined;
}

/**
 * Has the method called after each rotation of the secret, with `{ secret, previousVersionId }`. What it throws, or rejects
 * with, is logged and harms nobody.
 *
 * The secret has to be read by somebody: name it in `forFeature`.
 */
export function OnSecretRotated(secret: string, client: string = usualClient): MethodDecorator {
  // Added to what is there: a method may wait for more than one secret.
  return (target, key, descriptor) =>
    SetMetadata(marksKey, [...marksOf(descriptor.value), { secret, client }])(target, key, descriptor);
}

/** The decorated methods of all providers and controllers. */
export function* rotationMethods(modules: ModulesContainer): Generator<RotationMethod> {
  const scanner = new MetadataScanner();
  const wrappers = [...modules.values()].flatMap((each) => [...each.providers.values(), ...each.controllers.values()]);
  const seen = new Set<unknown>();
  for (const wrapper of wrappers) {
    const instance: unknown = wrapper.instance;
    // One under two tokens is still one.
    if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
    seen.add(instance);
    const isTheOnlyOne = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    for (const key of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object | null)) {
      const method: unknown = Reflect.get(instance, key);
      if (typeof method !== 'function') continue;
      const call = isTheOnlyOne ? (event: Rotated): unknown => Reflect.apply(method, instance, [event]) : undefined;
      for (const mark of marksOf(method)) yield { ...mark, title: `${instance.constructor.name}.${key}`, call };
    }
  }
}

function marksOf(method: unknown): readonly Mark[] {
  return typeof method === 'function' ? (reflector.get<Mark[] | undefined>(marksKey, method) ?? []) : [];
}
