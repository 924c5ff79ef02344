import { createParamDecorator, Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext, PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { SecretSnapshot } from '@kms-secrets/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import { defaultClient, getSecretClientToken } from './inject-secret.decorator.ts';

/** Weak: a snapshot ends with its request. */
const snapshots = new WeakMap<object, SecretSnapshot>();

/** The secrets of one client as `request` sees them. */
export function snapshotOn(request: object, client: SecretClient, as: string): SecretSnapshot {
  const snapshot = snapshots.get(request) ?? new SecretSnapshot();
  snapshots.set(request, snapshot);
  void snapshot.mount(client, { as }); // returns nothing to wait for without names to preload
  return snapshot.of(as);
}

/** A function: global pipes see it before `SecretPipe`, and one that trims or validates objects would walk the request. */
type ReadSecret = (modules: ModuleRef) => Promise<Secret>;

const secretParameter = createParamDecorator(
  ({ name, client: as }: { readonly name: string; readonly client: string }, context: ExecutionContext): ReadSecret => {
    const request = context.switchToHttp().getRequest<object>();
    return (modules) => {
      const client = modules.get<SecretClient>(getSecretClientToken(as), { strict: false });
      return snapshotOn(request, client, as).get(name);
    };
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
 * Passes the `Secret` to a controller's method, in the version that this request read first. Later requests see a rotation. Does
 * not make the controller request-scoped.
 */
export function RequestSecret(name: string, client: string = defaultClient): ParameterDecorator {
  return secretParameter({ name, client }, SecretPipe);
}
