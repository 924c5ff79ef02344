import { setTimeout } from 'node:timers/promises';
import { stringFields } from './managed-secret.ts';
import type { SecretRepository } from './secret-repository.ts';

/** The version that a rotation is about to publish. */
export interface NextVersion {
  readonly name: string;
  readonly value: string;
  /** `AccountName` and `AccountPassword` of a secret of a database. With two accounts, the name is that of the other one. */
  readonly accountName: string | undefined;
  readonly accountPassword: string | undefined;
}

/**
 * Changes the password where it is used, as KMS does in a database before it publishes the new version. What the promise resolves to is
 * ignored, so that the query of a database driver can be returned.
 */
export type ApplyRotation = (next: NextVersion) => void | Promise<unknown>;

/** Options of `FakeKms.onRotate`. */
export interface RotationTargetOptions {
  /** Milliseconds between the change and the new version. With a single account, no version is valid in between. Default: 0. */
  readonly gap?: number;
}

interface Target {
  readonly apply: ApplyRotation;
  readonly gap: number;
}

const maxGap = 600_000;

/** What rotations change before they publish a version. */
export class RotationTargets {
  readonly #secrets: SecretRepository;
  readonly #targets = new Map<string, Target>();

  constructor(secrets: SecretRepository) {
    this.#secrets = secrets;
  }

  /** Throws a `TypeError` for a handler that is no function, and for an invalid gap. */
  set(name: string, apply: ApplyRotation, { gap = 0 }: RotationTargetOptions = {}): () => void {
    if (typeof apply !== 'function') throw new TypeError('onRotate(): expected a function.');
    if (!(gap >= 0 && gap <= maxGap)) throw new TypeError(`onRotate(): expected a gap from 0 to ${maxGap} ms.`);
    const target = { apply, gap };
    this.#targets.set(name, target);
    return () => {
      if (this.#targets.get(name) === target) this.#targets.delete(name);
    };
  }

  /** Rejects with the error of the handler. Then nothing is published. */
  async rotate(name: string, value?: string): Promise<string> {
    const next = value ?? this.#secrets.nextValue(name);
    const target = this.#targets.get(name);
    if (target !== undefined) {
      const { AccountName: accountName, AccountPassword: accountPassword } = stringFields(next);
      await target.apply({ name, value: next, accountName, accountPassword });
      await setTimeout(target.gap);
    }
    return this.#secrets.rotate(name, next);
  }
}
