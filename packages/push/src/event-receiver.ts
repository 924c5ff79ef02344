import { errorName } from '@kms-secrets/core';
import type { Clock, SecretClient } from '@kms-secrets/core';
import { BoundedRefresh } from './bounded-refresh.ts';
import { EventIds } from './event-ids.ts';
import type { Report } from './report.ts';
import { parseEvent } from './rotation-event.ts';
import type { RotationEvent } from './rotation-event.ts';

/** KMS could not rotate a secret. The reason is in the KMS console: the text of an event is not passed on. */
export interface RotationFailure {
  /** Name or ARN, as the client has it in memory. */
  readonly name: string;
}

/** The number of authentic events, by what became of them. */
export interface EventCounts {
  /** A refresh of the secret has started or is due. */
  readonly refreshed: number;
  /** KMS could not rotate a secret that is in memory. */
  readonly rotationFailed: number;
  /** Their ids were received before. */
  readonly duplicate: number;
  /** From another account or region. */
  readonly foreign: number;
  /** The secret is not in memory. */
  readonly unknownSecret: number;
  /** Not about a new version of a secret. */
  readonly irrelevant: number;
  /** Not an event. */
  readonly malformed: number;
}

type EventOutcome = keyof EventCounts;

export interface EventReceiverParts {
  readonly client: SecretClient;
  readonly clock: Clock;
  readonly report: Report;
  /** `undefined`: events of all accounts. */
  readonly accounts: ReadonlySet<string> | undefined;
  readonly regions: ReadonlySet<string> | undefined;
  readonly onRotationFailed: ((failure: RotationFailure) => unknown) | undefined;
}

/** Handles authentic events. Their text is not trusted: an event can only refresh a secret that is in memory. */
export class EventReceiver {
  readonly #parts: EventReceiverParts;
  readonly #refresh: BoundedRefresh;
  readonly #ids: EventIds;
  readonly #counts: Record<EventOutcome, number> = {
    refreshed: 0,
    rotationFailed: 0,
    duplicate: 0,
    foreign: 0,
    unknownSecret: 0,
    irrelevant: 0,
    malformed: 0,
  };

  constructor(parts: EventReceiverParts) {
    this.#parts = parts;
    this.#refresh = new BoundedRefresh(parts);
    this.#ids = new EventIds(parts.clock);
  }

  receive(body: Uint8Array): EventOutcome {
    const outcome = this.#handle(parseEvent(body));
    this.#counts[outcome] += 1;
    return outcome;
  }

  counts(): EventCounts {
    return { ...this.#counts };
  }

  #handle(event: ReturnType<typeof parseEvent>): EventOutcome {
    if (typeof event === 'string') return event;
    if (this.#isForeign(event)) return 'foreign';
    if (!this.#ids.add(event.id)) return 'duplicate';
    const names = namesOf(event).filter((name) => this.#refresh.isKnown(name));
    if (names.length === 0) return 'unknownSecret';
    for (const name of names) this.#apply(event, name);
    return event.kind === 'changed' ? 'refreshed' : 'rotationFailed';
  }

  /** An event that does not name its account or region is foreign if these are configured. */
  #isForeign({ account, region }: RotationEvent): boolean {
    const { accounts, regions } = this.#parts;
    const isOwnAccount = accounts === undefined || (account !== undefined && accounts.has(account));
    return !isOwnAccount || (regions !== undefined && (region === undefined || !regions.has(region)));
  }

  #apply({ kind }: RotationEvent, name: string): void {
    const { report } = this.#parts;
    const fields = { secret: name };
    if (kind === 'changed') {
      report.limited('info', `An event announces a new version of secret "${name}".`, fields);
      this.#refresh.request(name);
      return;
    }
    const text = `KMS could not rotate secret "${name}". The KMS console shows the reason.`;
    if (report.limited('error', text, fields)) this.#notify({ name });
  }

  #notify(failure: RotationFailure): void {
    const reject = (error: unknown): void =>
      this.#parts.report.log('error', `onRotationFailed failed: ${errorName(error) ?? 'Error'} was thrown.`);
    try {
      Promise.resolve(this.#parts.onRotationFailed?.(failure)).catch(reject);
    } catch (error) {
      reject(error);
    }
  }
}

/** A secret may be in memory by its name and by its ARN. */
function namesOf({ secretName, account, region }: RotationEvent): readonly string[] {
  if (account === undefined || region === undefined) return [secretName];
  return [secretName, `acs:kms:${region}:${account}:secret/${secretName}`];
}
