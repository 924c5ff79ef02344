import { createParamDecorator, Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext, PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SecretSnapshot } from '@kms-secrets/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import { getSecretClientToken, usualClient } from './inject-secret.decorator.ts';

/** What each request has seen; gone with the request. */
const snapshots = new WeakMap<object, SecretSnapshot>();

/** The secrets of one client as `request` sees them. */
export function snapshotOn(request: object, client: SecretClient, as: string): SecretSnapshot {
  const snapshot = snapshots.get(request) ?? new SecretSnapshot();
  snapshots.set(request, snapshot);
  void snapshot.mount(client, { as }); // without names to take there is nothing to wait for
  return snapshot.of(as);
}

/** A function, because global pipes are shown it first: one that trims or checks what it finds would walk into the request. */
type Read = (modules: ModuleRef) => Promise<Secret>;

const read = createParamDecorator(
  ({ name, client: as }: { readonly name: string; readonly client: string }, context: ExecutionContext): Read => {
    const request = context.switchToHttp().getRequest<object>();
    return (modules) => {
      const client = modules.get<SecretClient>(getSecretClientToken(as), { strict: false });
      return snapshotOn(request, client, as).get(name);
    };
  },
);

/** A pipe, because Nest makes pipes with what they inject; the function of a parameter decorator is given nothing. */
@Injectable()
class SecretOfRequest implements PipeTransform<Read, Promise<Secret>> {
  readonly #modules: ModuleRef;

  constructor(@Inject(ModuleRef) modules: ModuleRef) {
    this.#modules = modules;
  }

  transform(readFrom: Read): Promise<Secret> {
    return readFrom(this.#modules);
  }
}

/**
 * Hands a controller's method the `Secret` as this request saw it first: from its beginning to its end it sees one version,
 * whatever is rotated meanwhile. Nothing becomes request-scoped by it.
 */
export function RequestSecret(name: string, client: string = usualClient): ParameterDecorator {
  return read({ name, client }, SecretOfRequest);
}
