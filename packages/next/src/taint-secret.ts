import type { Secret } from '@kms-secrets/core';
import * as react from 'react';

/** React has these only with `experimental.taint`. */
interface Taint {
  experimental_taintUniqueValue?: (message: string, lifetime: object, value: string | Uint8Array) => void;
  experimental_taintObjectReference?: (message: string, object: object) => void;
}
// From the namespace: an import by name fails the build where React does not export it.
const { experimental_taintUniqueValue: taintValue, experimental_taintObjectReference: taintObject } = react as Taint;

const tainted = new WeakSet<Secret>();

/** Shorter strings, such as a port or "root", occur in places that have nothing to do with the secret. */
const minTaintedLength = 8;

/**
 * With `experimental.taint`, makes React refuse to send the secret, its value and each part of a JSON value to the browser, with an
 * error that names the secret. Without it, React refuses the `Secret` itself, as every class instance, in its own words.
 */
export function taintSecret(secret: Secret): void {
  if (tainted.has(secret)) return;
  tainted.add(secret);
  const message = `Secret "${secret.name}" must not be sent to the browser. Pass a client component what you made of the secret, never the secret or a part of it.`;
  taintObject?.(message, secret);
  if (taintValue === undefined) return;
  for (const part of partsOf(secret)) taintValue(message, secret, part);
}

function partsOf(secret: Secret): Set<string | Uint8Array> {
  const parts = new Set<string | Uint8Array>();
  const collect = (_key: string, part: unknown): unknown => {
    const isBytes = part instanceof Uint8Array;
    if (isBytes || (typeof part === 'string' && part.length >= minTaintedLength)) parts.add(part);
    return isBytes ? undefined : part;
  };
  for (const read of [() => secret.bytes(), () => secret.text(), () => secret.json()]) {
    try {
      JSON.stringify(read(), collect);
    } catch {
      // The secret is of another type.
    }
  }
  return parts;
}
