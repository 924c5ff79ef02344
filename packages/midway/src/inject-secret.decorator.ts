import { createCustomPropertyDecorator } from '@midwayjs/core';
import type { IMidwayContainer } from '@midwayjs/core';

/** The id of the client in Midway's container, for `container.getAsync<SecretClient>(secretClientId)`. */
export const secretClientId = 'secretClient';
/** Under which Midway stores what the decorators have decorated. */
export const injectSecretKey = 'kms-secrets:secret';
export const injectClientKey = 'kms-secrets:client';

/**
 * Injects the `SecretHandle` of a secret into a property. The app waits for the secret, and does not start without it. One handle
 * serves all instances, so a class of any scope can inject it.
 */
export function InjectSecret(name: string): PropertyDecorator {
  return createCustomPropertyDecorator(injectSecretKey, { name });
}

/** Injects the `SecretClient` of the app into a property. */
export function InjectSecretClient(): PropertyDecorator {
  return createCustomPropertyDecorator(injectClientKey, {});
}

/** The names in `@InjectSecret` of all classes that the app has loaded. */
export function injectedNames({ registry }: IMidwayContainer): readonly string[] {
  const decorated = registry.identifiers.flatMap((id) => registry.getDefinition(id).handlerProps);
  return decorated
    .filter(({ key }) => key === injectSecretKey)
    .map(({ metadata }) => (metadata as { name: string }).name);
}
