import type { Clock, SecretClient } from '@kms-secrets/core/internal';
import { isSameValues, valuesFor } from './values.ts';
import type { TargetValue } from './values.ts';
import type { Target } from './targets.ts';

/** Secrets that are rotated together cause one restart (ms). */
const settleTime = 1_000;

export interface RotationWatchOptions {
  readonly client: SecretClient;
  readonly clock: Clock;
  readonly targets: readonly Target[];
  /** The values that the program has. */
  readonly values: readonly TargetValue[];
  /** Called with the values after a rotation that changes one. `reason` names the secrets and their versions. */
  readonly onChanged: (values: readonly TargetValue[], reason: string) => void;
  /** Called if a new version does not have what a target needs. */
  readonly onUnusable: (error: unknown) => void;
}

/** Keeps secrets fresh and reports the rotations that change a value of the program. */
export class RotationWatch {
  readonly #options: RotationWatchOptions;
  readonly #versions = new Map<string, string>();
  readonly #stops: (() => void)[] = [];
  #values: readonly TargetValue[];
  #cancelTimer: (() => void) | undefined;

  constructor(options: RotationWatchOptions) {
    this.#options = options;
    this.#values = options.values;
  }

  start(): void {
    const { client, targets } = this.#options;
    for (const name of new Set(targets.map((target) => target.name))) {
      this.#stops.push(client.on('rotated', ({ versionId = '' }) => this.#rotated(name, versionId), { name }));
    }
  }

  [Symbol.dispose](): void {
    this.#cancelTimer?.();
    for (const stop of this.#stops) stop();
  }

  #rotated(name: string, versionId: string): void {
    this.#versions.set(name, versionId);
    this.#cancelTimer ??= this.#options.clock.setTimer(settleTime, () => {
      this.#cancelTimer = undefined;
      this.#compare();
    });
  }

  #compare(): void {
    const { client, targets, onChanged, onUnusable } = this.#options;
    const reason = Array.from(this.#versions, ([name, version]) => `"${name}" has version ${version}`).join(', ');
    this.#versions.clear();
    try {
      const secrets = Object.fromEntries(targets.map(({ name }) => [name, client.current(name)]));
      const values = valuesFor(targets, secrets);
      if (isSameValues(this.#values, values)) return;
      this.#values = values;
      onChanged(values, reason);
    } catch (error) {
      onUnusable(error);
    }
  }
}
