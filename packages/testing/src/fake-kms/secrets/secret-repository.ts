import type { CalendarClock } from '../settable-clock.ts';
import { limits, nameMistake } from './limits.ts';
import type { ExtendedConfig, SecretType } from './managed-secret.ts';
import { makeVersionId, StoredSecret } from './stored-secret.ts';
import type { AutomaticRotation, DataType } from './stored-secret.ts';

export interface PutOptions {
  /** Made up when left out. */
  readonly versionId?: string;
  /** The labels the new version gets; `ACSCurrent` when left out, and always for the first version. */
  readonly stages?: readonly string[];
  /** Fixed with the first version; `Generic` when left out. */
  readonly type?: SecretType;
  readonly dataType?: DataType;
  /** For managed secrets, with the first version. Keys left out get their usual values. */
  readonly extendedConfig?: ExtendedConfig;
  /** For managed secrets: KMS rotates by itself every `interval` seconds, from six hours to a year. */
  readonly automaticRotation?: AutomaticRotation;
}

/** Why a secret cannot be read now; `open` when it can. */
export type SecretState = 'open' | 'denied' | 'disabled' | 'pendingDeletion';

/** All secrets of the fake's one account. The same in every region, as replicated secrets are. */
export class Vault {
  readonly #clock: CalendarClock;
  readonly #secrets = new Map<string, StoredSecret>();
  readonly #denied = new Set<string>();
  readonly #disabled = new Set<string>();
  readonly #pendingDeletion = new Set<string>();

  constructor(parts: { clock: CalendarClock }) {
    this.#clock = parts.clock;
  }

  put(name: string, value: string, options: PutOptions = {}): string {
    const versionId = options.versionId ?? makeVersionId();
    checkVersion(value, versionId, options.stages ?? []);
    const secret = this.find(name);
    const type = options.type ?? secret?.type ?? 'Generic';
    checkSchedule(type, options.automaticRotation);
    if (secret !== undefined && secret.type !== type)
      throw new TypeError(`A ${secret.type} secret does not become ${type}.`);
    if (secret === undefined) this.#create(name, { value, versionId, type, options });
    else this.#addVersion(secret, { value, versionId, options });
    return versionId;
  }

  #create(name: string, given: { value: string; versionId: string; type: SecretType; options: PutOptions }): void {
    const { value, versionId, type, options } = given;
    const mistake = nameMistake(name, type);
    if (mistake !== undefined) throw new TypeError(mistake);
    if (JSON.stringify(options.extendedConfig ?? {}).length > limits.extendedConfigLength) {
      throw new TypeError(`extendedConfig is longer than ${limits.extendedConfigLength} characters.`);
    }
    const secret = new StoredSecret({
      name,
      type,
      extendedConfig: options.extendedConfig,
      at: this.#clock.date(),
      automaticRotation: options.automaticRotation ?? 'Disabled',
      first: { versionId, value, dataType: options.dataType ?? 'text' },
    });
    for (const stage of options.stages ?? []) secret.moveStage(stage, versionId);
    this.#secrets.set(name, secret);
  }

  #addVersion(secret: StoredSecret, given: { value: string; versionId: string; options: PutOptions }): void {
    const { value, versionId, options } = given;
    const dataType = options.dataType ?? secret.behind('ACSCurrent')?.dataType ?? 'text';
    secret.add({ versionId, value, dataType }, options.stages ?? ['ACSCurrent']);
    if (options.automaticRotation !== undefined) secret.scheduleRotation(options.automaticRotation, this.#clock.date());
  }

  /** A new current version. KMS rotates managed secrets itself; for a generic one this is its user's new value. */
  rotate(name: string, value?: string): string {
    if (value !== undefined) checkVersion(value, '', []);
    return this.#known(name).rotate(this.#clock.date(), value);
  }

  moveStage(name: string, stage: string, versionId: string): void {
    this.#known(name).moveStage(stage, versionId);
  }

  /** The secret as it is now: rotations that were due have happened. */
  find(name: string): StoredSecret | undefined {
    const secret = this.#secrets.get(name);
    secret?.rotateWhatIsDue(this.#clock.date());
    return secret;
  }

  /** Also for a name without a secret: who may not read it does not learn whether it exists. */
  stateOf(name: string): SecretState {
    if (this.#denied.has(name)) return 'denied';
    if (this.#pendingDeletion.has(name)) return 'pendingDeletion';
    return this.#disabled.has(name) ? 'disabled' : 'open';
  }

  deny(name: string): void {
    this.#denied.add(name);
  }

  allow(name: string): void {
    this.#denied.delete(name);
  }

  disable(name: string): void {
    this.#disabled.add(this.#known(name).name);
  }

  enable(name: string): void {
    this.#disabled.delete(this.#known(name).name);
  }

  scheduleDeletion(name: string): void {
    this.#pendingDeletion.add(this.#known(name).name);
  }

  restore(name: string): void {
    this.#pendingDeletion.delete(this.#known(name).name);
  }

  /** Gone for good, as after a deletion without a waiting time. */
  remove(name: string): void {
    this.#secrets.delete(this.#known(name).name);
    this.#pendingDeletion.delete(name);
    this.#disabled.delete(name);
  }

  #known(name: string): StoredSecret {
    const secret = this.find(name);
    if (secret === undefined) throw new TypeError(`The fake KMS has no secret of the name ${JSON.stringify(name)}.`);
    return secret;
  }
}

function checkVersion(value: string, versionId: string, stages: readonly string[]): void {
  if (typeof value !== 'string') throw new TypeError("A secret's value is a text.");
  const bytes = Buffer.byteLength(value, 'utf8');
  if (bytes > limits.valueBytes)
    throw new TypeError(`A secret's value has at most ${limits.valueBytes} bytes; this one has ${bytes}.`);
  for (const text of [versionId, ...stages]) {
    if (text.length > limits.versionIdLength) {
      throw new TypeError(`A version id or a stage has at most ${limits.versionIdLength} characters.`);
    }
  }
}

function checkSchedule(type: SecretType, rotation: AutomaticRotation | undefined): void {
  if (rotation === undefined || typeof rotation === 'string') return;
  if (type === 'Generic') throw new TypeError('KMS does not rotate Generic secrets by itself: choose another type.');
  const { least, most } = limits.rotationInterval;
  if (!Number.isInteger(rotation.interval) || rotation.interval < least || rotation.interval > most) {
    throw new TypeError(`A rotation interval is a whole number of seconds from ${least} to ${most}.`);
  }
}
