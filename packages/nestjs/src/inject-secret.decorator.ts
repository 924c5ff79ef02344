import { Inject } from '@nestjs/common';

/** What a client is called that is given no name. */
export const usualClient = 'default';

/**
 * The token of a client, for `overrideProvider` and the `inject` of your own factories.
 *
 * A text: Nest shows it where nobody provides it, and in a second copy of this package it is the same.
 */
export function getSecretClientToken(client: string = usualClient): string {
  return `SecretClient(${client})`;
}

/** The token of the handle of a secret, as `getSecretClientToken`. */
export function getSecretToken(name: string, client: string = usualClient): string {
  return client === usualClient ? `Secret(${name})` : `Secret(${name}) of ${client}`;
}

/** Injects the `SecretHandle` of a secret that is named in `forFeature`, or in `secrets` of `forRoot`. */
export function InjectSecret(name: string, client?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSecretToken(name, client));
}

/** Injects a `SecretClient`. */
export function InjectSecretClient(client?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSecretClientToken(client));
}
