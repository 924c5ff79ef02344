import { SecretSetError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';

export interface SetParts {
  readonly read: (name: string) => Promise<Secret>;
  /** Throws if nobody wants the set any more. */
  readonly throwIfOver: () => void;
  /** Why `name` must not be handed out, although it was read. */
  readonly refusal: (name: string) => unknown;
  /** What is in memory by now. */
  readonly peek: (name: string) => Secret | undefined;
}

/**
 * Several secrets as they were in memory at one moment, however long the reading of each took.
 *
 * Rejects with `SecretSetError`, which names every one that could not be had.
 */
export async function readSet<Name extends string>(
  names: readonly Name[],
  { read, throwIfOver, refusal, peek }: SetParts,
): Promise<Readonly<Record<Name, Secret>>> {
  const outcomes = await Promise.allSettled(names.map((name) => read(name)));
  throwIfOver();
  const errors = new Map<string, unknown>();
  // No prototype: `__proto__` is a name like any other.
  const secrets = Object.create(null) as Record<Name, Secret>; // filled below, name by name
  for (const [index, name] of names.entries()) {
    const outcome = outcomes[index];
    // One that was read first may have been refused while the others were waited for.
    const reason = outcome?.status === 'rejected' ? (outcome.reason as unknown) : refusal(name);
    if (reason !== undefined) errors.set(name, reason);
    else if (outcome?.status === 'fulfilled') secrets[name] = peek(name) ?? outcome.value;
  }
  if (errors.size > 0) throw new SecretSetError(names.length, 'asked for together', errors);
  return secrets;
}
