import { randomBytes } from 'node:crypto';

import { checkValueForm, completeConfig, rotatedValue } from './managed-secret.ts';
import type { ExtendedConfig, SecretType } from './managed-secret.ts';

export type DataType = 'text' | 'binary';
/** `Disabled` when KMS does not rotate by itself, `Invalid` when it would but cannot. */
export type AutomaticRotation = { readonly interval: number } | 'Disabled' | 'Invalid';

export interface StoredVersion {
  readonly versionId: string;
  readonly value: string;
  readonly dataType: DataType;
}

interface Birth {
  readonly name: string;
  readonly type: SecretType;
  readonly extendedConfig: ExtendedConfig | undefined;
  readonly automaticRotation: AutomaticRotation;
  readonly at: number;
  readonly first: StoredVersion;
}

/** A secret with its versions, and the stages: labels of which each sits on one version at a time. */
export class StoredSecret {
  readonly name: string;
  readonly type: SecretType;
  readonly createdAt: number;
  readonly extendedConfig: ExtendedConfig | undefined;
  readonly #versions = new Map<string, StoredVersion>();
  readonly #stages = new Map<string, string>();
  #automaticRotation: AutomaticRotation;
  #lastRotation: number | undefined;
  #nextRotation: number | undefined;

  constructor(birth: Birth) {
    this.name = birth.name;
    this.type = birth.type;
    this.createdAt = birth.at;
    this.extendedConfig = completeConfig(birth.type, birth.extendedConfig, birth.first.value);
    this.#automaticRotation = birth.automaticRotation;
    this.#planRotation(birth.at);
    this.add(birth.first, ['ACSCurrent']);
  }

  /** Adds a version and moves the labels to it, all at once. */
  add(version: StoredVersion, stages: readonly string[]): void {
    if (this.#versions.has(version.versionId))
      throw new TypeError(`The secret has a version ${version.versionId} already.`);
    checkValueForm(this.type, version.value);
    this.#versions.set(version.versionId, version);
    for (const stage of stages) this.moveStage(stage, version.versionId);
  }

  /** Puts a label on a version; what loses ACSCurrent becomes ACSPrevious. */
  moveStage(stage: string, versionId: string): void {
    if (!this.#versions.has(versionId)) throw new TypeError(`The secret has no version ${versionId}.`);
    const current = this.#stages.get('ACSCurrent');
    if (stage === 'ACSCurrent' && current !== undefined && current !== versionId)
      this.#stages.set('ACSPrevious', current);
    this.#stages.set(stage, versionId);
  }

  version(versionId: string): StoredVersion | undefined {
    return this.#versions.get(versionId);
  }

  behind(stage: string): StoredVersion | undefined {
    const versionId = this.#stages.get(stage);
    return versionId === undefined ? undefined : this.#versions.get(versionId);
  }

  stagesOf(versionId: string): readonly string[] {
    return [...this.#stages].filter(([, holder]) => holder === versionId).map(([stage]) => stage);
  }

  get automaticRotation(): AutomaticRotation {
    return this.#automaticRotation;
  }

  /** Changes when KMS rotates; the next time counts from `at`. */
  scheduleRotation(automaticRotation: AutomaticRotation, at: number): void {
    this.#automaticRotation = automaticRotation;
    this.#planRotation(at);
  }

  get lastRotation(): number | undefined {
    return this.#lastRotation;
  }

  get nextRotation(): number | undefined {
    return this.#nextRotation;
  }

  /** Makes a new current version, now. Returns its id. */
  rotate(at: number, value?: string): string {
    const current = this.behind('ACSCurrent');
    const { type, extendedConfig: config } = this;
    const previous = this.behind('ACSPrevious')?.value;
    const next = value ?? rotatedValue({ type, config, current: current?.value ?? '', previous, at });
    const versionId = makeVersionId();
    this.add({ versionId, value: next, dataType: current?.dataType ?? 'text' }, ['ACSCurrent']);
    this.#lastRotation = at;
    this.#planRotation(at);
    return versionId;
  }

  /** Does the automatic rotations that were due by `now`, each at its own date. */
  rotateWhatIsDue(now: number): void {
    this.#skipToLastFew(now);
    while (this.#nextRotation !== undefined && this.#nextRotation <= now) this.rotate(this.#nextRotation);
  }

  /** A clock pushed on by years must not make thousands of versions; an even number left out keeps the two users in turn. */
  #skipToLastFew(now: number): void {
    if (this.#nextRotation === undefined || typeof this.#automaticRotation !== 'object') return;
    const interval = this.#automaticRotation.interval * 1000;
    const spare = Math.max(0, Math.floor((now - this.#nextRotation) / interval) - 4);
    this.#nextRotation += (spare - (spare % 2)) * interval;
  }

  #planRotation(from: number): void {
    const plan = this.#automaticRotation;
    this.#nextRotation = typeof plan === 'object' ? from + plan.interval * 1000 : undefined;
  }
}

/** Opaque to its readers; KMS's own have this form. */
export function makeVersionId(): string {
  return randomBytes(16).toString('hex');
}
