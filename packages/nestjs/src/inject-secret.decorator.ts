import { Inject } from '@nestjs/common';

/** The name of a client that is given none. */
export const defaultClient = 'default';

/**
 * The injection token of a client, for `overrideProvider` and the `inject` of your own factories.
 *
 * A string: Nest prints it if no module provides it, and a second copy of this package has the same one.
 */
export function getSecretClientToken(client: string = defaultClient): string {
  return `SecretClient(${client})`;
}

/** The injection token of a secret's handle; see `getSecretClientToken`. */
export function getSecretToken(name: string, client: string = defaultClient): string {
  return client === defaultClient ? `Secret(${name})` : `Secret(${name}) of ${client}`;
}

/** Injects the `SecretHandle` of a secret that `forFeature`, or `secrets` of `forRoot`, names. */
export function InjectSecret(name: string, client?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSecretToken(name, client));
}

/** Injects a `SecretClient`. */
export function InjectSecretClient(client?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSecretClientToken(client));
}
