/** A change of a secret, of which KMS informs other services. */
export interface SecretChange {
  readonly name: string;
  /** `put`: a call of PutSecretValue. `rotated`, `rotationFailed`: a rotation by KMS. */
  readonly kind: 'put' | 'rotated' | 'rotationFailed';
}

/** Who is informed of changes. */
export class SecretChanges {
  readonly #listeners = new Set<(change: SecretChange) => void>();

  /** Returns a function that removes the listener. */
  on(listener: (change: SecretChange) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError('onChange(): expected a function.');
    const entry = (change: SecretChange): void => listener(change);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  emit(change: SecretChange): void {
    for (const listener of Array.from(this.#listeners)) listener(change);
  }
}
