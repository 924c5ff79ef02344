import { createParamDecorator, Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext, PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import { defaultClient, getSecretClientToken } from './inject-secret.decorator.ts';
import { snapshotFor } from './request-scope.ts';

/** A function: global pipes see it before `SecretPipe`, and one that trims or validates objects would walk the request. */
type ReadSecret = (modules: ModuleRef) => Promise<Secret>;

const secretParameter = createParamDecorator(
  ({ name, client: as }: { readonly name: string; readonly client: string }, context: ExecutionContext): ReadSecret =>
    (modules) => {
      const client = modules.get<SecretClient>(getSecretClientToken(as), { strict: false });
      return snapshotFor(context, client, as).get(name);
    },
);

/** A pipe: Nest injects into pipes, but not into the function of a parameter decorator. */
@Injectable()
class SecretPipe implements PipeTransform<ReadSecret, Promise<Secret>> {
  readonly #modules: ModuleRef;

  constructor(@Inject(ModuleRef) modules: ModuleRef) {
    this.#modules = modules;
  }

  transform(readSecret: ReadSecret): Promise<Secret> {
    return readSecret(this.#modules);
  }
}

/**
 * Passes the `Secret` to a method of a controller, gateway or resolver, in the version that this request, message or GraphQL
 * operation read first. Later ones see a rotation. Does not make the class request-scoped.
 */
export function RequestSecret(name: string, client: string = defaultClient): ParameterDecorator {
  return secretParameter({ name, client }, SecretPipe);
}
