import type { Secret } from '@kms-secrets/core';
import * as react from 'react';

/** React has these only with `experimental.taint`. */
export interface Taint {
  experimental_taintUniqueValue?: ((message: string, lifetime: object, value: string | Uint8Array) => void) | undefined;
  experimental_taintObjectReference?: ((message: string, object: object) => void) | undefined;
}
// From the namespace: an import by name fails the build where React does not export it.
const { experimental_taintUniqueValue, experimental_taintObjectReference } = react as Taint;
const taintOfReact: Taint = { experimental_taintUniqueValue, experimental_taintObjectReference };

const tainted = new WeakSet<Secret>();

/** A shorter string, such as "root", occurs in places that have nothing to do with the secret. */
const minTaintedLength = 8;

/** Words in the name of a JSON field whose value is a credential. */
const credentialWords = new Set(
  'auth authorization cert certificate cookie credential key pass passphrase passwd password pem pin private pwd salt secret seed signature token'.split(
    ' ',
  ),
);

/** As in `postgres://user:password@host`. */
const urlWithPassword = /:\/\/[^/?#]*:[^/?#]*@/u;

/** A run of letters and digits that no name of a region, host or instance has: hex, base64, an access key. */
const randomRun = /(?=[a-z0-9+/]{0,19}[0-9])(?=[a-z0-9+/]{0,19}[a-z])[a-z0-9+/]{20}/iu;

/**
 * With `experimental.taint`, makes React refuse to send the secret, its value and each credential in a JSON value to the browser,
 * with an error that names the secret. Without it, React refuses the `Secret` itself, as every class instance, in its own words.
 *
 * React compares strings by their value. A field such as `"region": "cn-hangzhou"` is therefore not tainted: every page with that
 * literal would fail.
 */
export function taintSecret(secret: Secret, taint: Taint = taintOfReact): void {
  const { experimental_taintUniqueValue: taintValue, experimental_taintObjectReference: taintObject } = taint;
  if (tainted.has(secret)) return;
  tainted.add(secret);
  const message = taintMessage(secret);
  taintObject?.(message, secret);
  if (taintValue === undefined) return;
  for (const part of taintedPartsOf(secret)) taintValue(message, secret, part);
}

/** The error with which React refuses to send the secret to the browser. */
export function taintMessage({ name }: Secret): string {
  return `Secret "${name}" must not be sent to the browser. Use it on the server, and pass a client component only results that contain neither the secret nor a part of it. A server action inside a component sends the variables that it uses: call getSecret() inside the action.`;
}

/** The value of a secret as bytes and as text, and the strings in its JSON that are credentials. */
export function taintedPartsOf(secret: Secret): Set<string | Uint8Array> {
  const parts = new Set<string | Uint8Array>();
  for (const read of [() => secret.bytes(), () => secret.text(), () => secret.json()]) {
    try {
      const value: unknown = read();
      collect(value, typeof value !== 'object' || ArrayBuffer.isView(value), parts);
    } catch {
      // The secret is of another type.
    }
  }
  return parts;
}

/** @param isCredential - whether a string at this place is a credential, whatever it looks like */
function collect(value: unknown, isCredential: boolean, parts: Set<string | Uint8Array>): void {
  if (typeof value === 'string') {
    if (value.length >= minTaintedLength && (isCredential || looksSecret(value))) parts.add(value);
  } else if (ArrayBuffer.isView(value)) {
    parts.add(value as Uint8Array); // the only view that a secret returns
  } else if (Array.isArray(value)) {
    for (const element of value) collect(element, isCredential, parts);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) collect(field, isCredential || isCredentialName(name), parts);
  }
}

function looksSecret(value: string): boolean {
  return urlWithPassword.test(value) || randomRun.test(value) || value.includes('PRIVATE KEY-----');
}

/** Such as `accessKeySecret`, `API_KEYS` or `db-password`. */
function isCredentialName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])(?=[A-Z])/gu, '$1 ')
    .toLowerCase()
    .split(/[^a-z]+/u);
  return words.some(
    (word) => credentialWords.has(word) || credentialWords.has(word.replace(/s$/u, '')) || isCompound(word),
  );
}

/** `apikey`, `dbpassword`: written as one word. */
function isCompound(word: string): boolean {
  return /(?:apikey|accesskey|passw(?:or)?d|secret|token)s?$/u.test(word);
}
