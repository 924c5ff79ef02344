import type { CalendarClock } from '../settable-clock.ts';
import { describeNameError, limits } from './limits.ts';
import type { ExtendedConfig, SecretType } from './managed-secret.ts';
import { createVersionId, StoredSecret } from './stored-secret.ts';
import type { AutomaticRotation, DataType } from './stored-secret.ts';

export interface PutOptions {
  /** Default: a generated id. */
  readonly versionId?: string;
  /** The stages that move to the new version. Default: `ACSCurrent`. The first version always gets `ACSCurrent`. */
  readonly stages?: readonly string[];
  /** Set by the first version, and cannot change. Default: `Generic`. */
  readonly type?: SecretType;
  readonly dataType?: DataType;
  /** For managed secrets, with the first version. Missing keys get the defaults of the type. */
  readonly extendedConfig?: ExtendedConfig;
  /** For managed secrets: rotates every `interval` seconds, from six hours to one year. Default: `Disabled`. */
  readonly automaticRotation?: AutomaticRotation;
}

/** Whether a secret can be read, and if not, why. */
export type SecretState = 'readable' | 'denied' | 'disabled' | 'pendingDeletion';

/** The secrets of the fake's account. All regions serve the same secrets, as if they were replicated. */
export class SecretRepository {
  readonly #clock: CalendarClock;
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #denied = new Set<string>();
  readonly #disabled = new Set<string>();
  readonly #pendingDeletion = new Set<string>();

  constructor(parts: { clock: CalendarClock }) {
    this.#clock = parts.clock;
  }

  /** Creates a secret or adds a version to it. Returns the version id. */
  put(name: string, value: string, options: PutOptions = {}): string {
    const versionId = options.versionId ?? createVersionId();
    checkVersion(value, versionId, options.stages ?? []);
    const secret = this.find(name);
    const type = options.type ?? secret?.type ?? 'Generic';
    checkRotation(type, options.automaticRotation);
    if (secret === undefined) this.#create(name, { value, versionId, type, options });
    else if (secret.type === type) this.#addVersion(secret, { value, versionId, options });
    else throw new TypeError(`A ${secret.type} secret cannot become a ${type} secret.`);
    return versionId;
  }

  #create(name: string, parts: { value: string; versionId: string; type: SecretType; options: PutOptions }): void {
    const { value, versionId, type, options } = parts;
    const nameError = describeNameError(name, type);
    if (nameError !== undefined) throw new TypeError(nameError);
    if (JSON.stringify(options.extendedConfig ?? {}).length > limits.extendedConfigLength) {
      throw new TypeError(`extendedConfig must have at most ${limits.extendedConfigLength} characters as JSON.`);
    }
    const secret = new StoredSecret({
      name,
      type,
      extendedConfig: options.extendedConfig,
      createdAt: this.#clock.date(),
      automaticRotation: options.automaticRotation ?? 'Disabled',
      firstVersion: { versionId, value, dataType: options.dataType ?? 'text' },
    });
    for (const stage of options.stages ?? []) secret.moveStage(stage, versionId);
    this.#secrets.set(name, secret);
  }

  #addVersion(secret: StoredSecret, parts: { value: string; versionId: string; options: PutOptions }): void {
    const { value, versionId, options } = parts;
    const dataType = options.dataType ?? secret.versionAt('ACSCurrent')?.dataType ?? 'text';
    secret.add({ versionId, value, dataType }, options.stages ?? ['ACSCurrent']);
    if (options.automaticRotation !== undefined) secret.scheduleRotation(options.automaticRotation, this.#clock.date());
  }

  /** Creates a new current version: the given value, or one generated for the secret's type. Returns the version id. */
  rotate(name: string, value?: string): string {
    if (value !== undefined) checkVersion(value, '', []);
    return this.#get(name).rotate(this.#clock.date(), value);
  }

  /** A value that `rotate` may publish, generated for the secret's type. */
  nextValue(name: string): string {
    return this.#get(name).nextValue(this.#clock.date());
  }

  moveStage(name: string, stage: string, versionId: string): void {
    this.#get(name).moveStage(stage, versionId);
  }

  /** Finds a secret, after performing its due rotations. */
  find(name: string): StoredSecret | undefined {
    const secret = this.#secrets.get(name);
    secret?.rotateIfDue(this.#clock.date());
    return secret;
  }

  /** Every secret, by name. */
  all(): readonly StoredSecret[] {
    return [...this.#secrets.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Also defined for unknown names: a client without permission must not learn whether a secret exists. */
  stateOf(name: string): SecretState {
    if (this.#denied.has(name)) return 'denied';
    if (this.#pendingDeletion.has(name)) return 'pendingDeletion';
    return this.#disabled.has(name) ? 'disabled' : 'readable';
  }

  /** A name, for every region, or an ARN. */
  deny(nameOrArn: string): void {
    this.#denied.add(nameOrArn);
  }

  isDenied(nameOrArn: string): boolean {
    return this.#denied.has(nameOrArn);
  }

  allow(nameOrArn: string): void {
    this.#denied.delete(nameOrArn);
  }

  disable(name: string): void {
    this.#disabled.add(this.#get(name).name);
  }

  enable(name: string): void {
    this.#disabled.delete(this.#get(name).name);
  }

  scheduleDeletion(name: string): void {
    this.#pendingDeletion.add(this.#get(name).name);
  }

  restore(name: string): void {
    this.#pendingDeletion.delete(this.#get(name).name);
  }

  /** Deletes the secret immediately, without a recovery window. */
  remove(name: string): void {
    this.#secrets.delete(this.#get(name).name);
    this.#pendingDeletion.delete(name);
    this.#disabled.delete(name);
  }

  #get(name: string): StoredSecret {
    const secret = this.find(name);
    if (secret === undefined) throw new TypeError(`The fake KMS has no secret ${JSON.stringify(name)}.`);
    return secret;
  }
}

function checkVersion(value: string, versionId: string, stages: readonly string[]): void {
  if (typeof value !== 'string') throw new TypeError('The value of a secret must be a string.');
  const bytes = Buffer.byteLength(value, 'utf8');
  if (bytes > limits.valueBytes) {
    throw new TypeError(`The value of a secret must have at most ${limits.valueBytes} bytes, got ${bytes}.`);
  }
  for (const text of [versionId, ...stages]) {
    if (text.length > limits.versionIdLength) {
      throw new TypeError(`A version id or a stage must have at most ${limits.versionIdLength} characters.`);
    }
  }
}

function checkRotation(type: SecretType, rotation: AutomaticRotation | undefined): void {
  if (rotation === undefined || typeof rotation === 'string') return;
  if (type === 'Generic') {
    throw new TypeError('KMS does not rotate Generic secrets automatically: choose another type.');
  }
  const { min, max } = limits.rotationInterval;
  if (!Number.isInteger(rotation.interval) || rotation.interval < min || rotation.interval > max) {
    throw new TypeError(`A rotation interval must be a whole number of seconds from ${min} to ${max}.`);
  }
}
