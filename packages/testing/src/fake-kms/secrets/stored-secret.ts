import { randomBytes } from 'node:crypto';

import { checkValueFormat, rotatedValue, withDefaultConfig } from './managed-secret.ts';
import type { ExtendedConfig, SecretType } from './managed-secret.ts';

export type DataType = 'text' | 'binary';
/** `interval` is in seconds. `Disabled`: no automatic rotation. `Invalid`: automatic rotation is on, but not possible. */
export type AutomaticRotation = { readonly interval: number } | 'Disabled' | 'Invalid';

export interface StoredVersion {
  readonly versionId: string;
  readonly value: string;
  readonly dataType: DataType;
}

interface NewSecret {
  readonly name: string;
  readonly type: SecretType;
  readonly extendedConfig: ExtendedConfig | undefined;
  readonly automaticRotation: AutomaticRotation;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly firstVersion: StoredVersion;
}

/** A secret with its versions and stages. A stage is a label that is attached to one version at a time. */
export class StoredSecret {
  readonly name: string;
  readonly type: SecretType;
  readonly createdAt: number;
  readonly extendedConfig: ExtendedConfig | undefined;
  readonly #versions = new Map<string, StoredVersion>();
  /** Stage -> version id. */
  readonly #stages = new Map<string, string>();
  #automaticRotation: AutomaticRotation;
  #lastRotation: number | undefined;
  #nextRotation: number | undefined;

  constructor({ name, type, extendedConfig, automaticRotation, createdAt, firstVersion }: NewSecret) {
    this.name = name;
    this.type = type;
    this.createdAt = createdAt;
    this.extendedConfig = withDefaultConfig(type, extendedConfig, firstVersion.value);
    this.#automaticRotation = automaticRotation;
    this.#setNextRotation(createdAt);
    this.add(firstVersion, ['ACSCurrent']);
  }

  /** Adds a version and moves the stages to it, atomically. */
  add(version: StoredVersion, stages: readonly string[]): void {
    if (this.#versions.has(version.versionId)) {
      throw new TypeError(`The secret already has a version ${version.versionId}.`);
    }
    checkValueFormat(this.type, version.value);
    this.#versions.set(version.versionId, version);
    for (const stage of stages) this.moveStage(stage, version.versionId);
  }

  /** Attaches a stage to a version. The version that loses ACSCurrent gets ACSPrevious. */
  moveStage(stage: string, versionId: string): void {
    if (!this.#versions.has(versionId)) throw new TypeError(`The secret has no version ${versionId}.`);
    const current = this.#stages.get('ACSCurrent');
    if (stage === 'ACSCurrent' && current !== undefined && current !== versionId) {
      this.#stages.set('ACSPrevious', current);
    }
    this.#stages.set(stage, versionId);
  }

  version(versionId: string): StoredVersion | undefined {
    return this.#versions.get(versionId);
  }

  versionAt(stage: string): StoredVersion | undefined {
    const versionId = this.#stages.get(stage);
    return versionId === undefined ? undefined : this.#versions.get(versionId);
  }

  stagesOf(versionId: string): readonly string[] {
    return [...this.#stages].filter(([, stagedId]) => stagedId === versionId).map(([stage]) => stage);
  }

  get automaticRotation(): AutomaticRotation {
    return this.#automaticRotation;
  }

  /** Changes the automatic rotation. The interval starts at `now`. */
  scheduleRotation(automaticRotation: AutomaticRotation, now: number): void {
    this.#automaticRotation = automaticRotation;
    this.#setNextRotation(now);
  }

  get lastRotation(): number | undefined {
    return this.#lastRotation;
  }

  get nextRotation(): number | undefined {
    return this.#nextRotation;
  }

  /** A value that a rotation may publish, generated for the type of the secret. */
  nextValue(at: number): string {
    return rotatedValue({
      type: this.type,
      config: this.extendedConfig,
      current: this.versionAt('ACSCurrent')?.value ?? '',
      previous: this.versionAt('ACSPrevious')?.value,
      at,
    });
  }

  /** Creates a new current version and returns its id. */
  rotate(at: number, value: string = this.nextValue(at)): string {
    const dataType = this.versionAt('ACSCurrent')?.dataType ?? 'text';
    const version: StoredVersion = { versionId: createVersionId(), value, dataType };
    this.add(version, ['ACSCurrent']);
    this.#lastRotation = at;
    this.#setNextRotation(at);
    return version.versionId;
  }

  /** Performs the automatic rotations that are due, each at its scheduled time. */
  rotateIfDue(now: number): void {
    this.#skipOldRotations(now);
    while (this.#nextRotation !== undefined && this.#nextRotation <= now) this.rotate(this.#nextRotation);
  }

  /**
   * Skips all but the last few due rotations, so that advancing the clock by years does not create thousands of versions.
   * The number skipped is even, which preserves the alternation of two users.
   */
  #skipOldRotations(now: number): void {
    if (this.#nextRotation === undefined || typeof this.#automaticRotation !== 'object') return;
    const interval = this.#automaticRotation.interval * 1000;
    const surplus = Math.max(0, Math.floor((now - this.#nextRotation) / interval) - 4);
    this.#nextRotation += (surplus - (surplus % 2)) * interval;
  }

  #setNextRotation(from: number): void {
    const rotation = this.#automaticRotation;
    this.#nextRotation = typeof rotation === 'object' ? from + rotation.interval * 1000 : undefined;
  }
}

/** An opaque id in the format of KMS. */
export function createVersionId(): string {
  return randomBytes(16).toString('hex');
}
