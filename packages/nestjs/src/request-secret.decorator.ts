import { createParamDecorator, Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext, PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SecretSnapshot } from '@kms-secrets/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import { getSecretClientToken, usualClient } from './inject-secret.decorator.ts';

interface Asked {
  readonly request: object;
  readonly name: string;
  readonly client: string;
}

/** What each request has seen; gone with the request. */
const snapshots = new WeakMap<object, SecretSnapshot>();

/** The secrets of one client as `request` sees them. */
export function snapshotOn(request: object, client: SecretClient, as: string): SecretSnapshot {
  const snapshot = snapshots.get(request) ?? new SecretSnapshot();
  snapshots.set(request, snapshot);
  void snapshot.mount(client, { as }); // without names to take there is nothing to wait for
  return snapshot.of(as);
}

const asked = createParamDecorator((wanted: Pick<Asked, 'name' | 'client'>, context: ExecutionContext): Asked => ({
  ...wanted,
  request: context.switchToHttp().getRequest<object>(),
}));

/** A pipe, because Nest makes pipes with what they inject; the function of a parameter decorator is given nothing. */
@Injectable()
class SecretOfRequest implements PipeTransform<Asked, Promise<Secret>> {
  readonly #modules: ModuleRef;

  constructor(@Inject(ModuleRef) modules: ModuleRef) {
    this.#modules = modules;
  }

  transform({ request, name, client: as }: Asked): Promise<Secret> {
    const client = this.#modules.get<SecretClient>(getSecretClientToken(as), { strict: false });
    return snapshotOn(request, client, as).get(name);
  }
}

/**
 * Hands a controller's method the `Secret` as this request saw it first: from its beginning to its end it sees one version,
 * whatever is rotated meanwhile. Nothing becomes request-scoped by it.
 */
export function RequestSecret(name: string, client: string = usualClient): ParameterDecorator {
  return asked({ name, client }, SecretOfRequest);
}
