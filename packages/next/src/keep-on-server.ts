import type { Secret } from '@kms-secrets/core';
import * as react from 'react';

/** There with `experimental.taint` alone. */
interface Taint {
  experimental_taintUniqueValue?: (message: string, lifetime: object, value: string | Uint8Array) => void;
  experimental_taintObjectReference?: (message: string, object: object) => void;
}
// Of the namespace: an import by name is an error of the build where it is not there.
const { experimental_taintUniqueValue: taintValue, experimental_taintObjectReference: taintObject } = react as Taint;

const kept = new WeakSet<Secret>();

/**
 * Makes React say which secret it is that it will not send to the browser, and, with `experimental.taint`, refuse its value too,
 * and each part of that: for as long as somebody holds the secret.
 */
export function keepOnServer(secret: Secret): void {
  if (kept.has(secret)) return;
  kept.add(secret);
  nameRefusal(Object.getPrototypeOf(secret) as object); // it is a class
  taintObject?.(refusal(secret), secret);
  if (taintValue === undefined) return;
  for (const part of partsOf(secret)) taintValue(refusal(secret), secret, part);
}

const refusal = ({ name }: Secret): string =>
  `Secret "${name}" must not be sent to the browser. Hand a client component what you made of it, never the secret or a part of it.`;

/**
 * React refuses every instance of a class, but says only that it is one. Before that it asks the object for this key, whether it
 * is a list of an old kind, and nobody else does: the moment to say the name. (`toJSON` it asks too, and so does every logger.)
 */
const askedByReact = '@@iterator';

function nameRefusal(prototype: object): void {
  const get = function (this: Secret): never {
    throw new Error(refusal(this));
  };
  if (!Object.hasOwn(prototype, askedByReact)) Object.defineProperty(prototype, askedByReact, { get });
}

function partsOf(secret: Secret): Set<string | Uint8Array> {
  const parts = new Set<string | Uint8Array>();
  const add = (_key: string, part: unknown): unknown => {
    const isBytes = part instanceof Uint8Array;
    // Shorter texts (a port, "root") are no secret by themselves, and stand in places that have nothing to do with it.
    if (isBytes || (typeof part === 'string' && part.length >= 8)) parts.add(part);
    return isBytes ? undefined : part;
  };
  for (const read of [() => secret.bytes(), () => secret.text(), () => secret.json()]) {
    try {
      JSON.stringify(read(), add);
    } catch {
      // It is of another kind.
    }
  }
  return parts;
}
