import type { Clock, SecretRequest, StoredSecret, StoreEvent } from '@kms-secrets/core';
import type { StoreCall } from './messages.ts';

/** The maximum of secrets in the memory of the agent. The one that was written longest ago is dropped for another one. */
const maxEntries = 10_000;

interface Entry {
  readonly name: string;
  readonly secret: StoredSecret;
}

/** A process that uses the store. */
interface Member {
  readonly onEvent: (event: StoreEvent) => void;
}

/**
 * The store that the processes of a machine share, in the memory of the agent. All operations are synchronous, so each is atomic.
 */
export class StoreHub {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #entries = new Map<string, Entry>();
  readonly #leases = new Map<string, { readonly owner: Member; readonly until: number }>();
  readonly #members = new Set<Member>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Adds a process. `onEvent` receives the events of the others. `leave` releases its leases. */
  join(onEvent: (event: StoreEvent) => void): { run(call: StoreCall): unknown; leave(): void } {
    const member: Member = { onEvent };
    this.#members.add(member);
    return { run: (call) => this.#run(member, call), leave: () => this.#leave(member) };
  }

  #leave(member: Member): void {
    this.#members.delete(member);
    for (const [key, { owner }] of this.#leases) if (owner === member) this.#leases.delete(key);
  }

  #run(member: Member, call: StoreCall): unknown {
    const [operation, subject] = call;
    switch (operation) {
      case 'read':
        return this.#entries.get(keyOf(subject))?.secret;
      case 'lease':
        return this.#lease(member, keyOf(subject), call[2]);
      case 'release':
        return this.#release(member, keyOf(subject));
      case 'write':
        this.#write(member, subject, call[2]);
        break;
      case 'remove':
        if (this.#entries.delete(keyOf(subject))) this.#emit(member, { kind: 'removed', name: subject.name });
        break;
      case 'removeAll':
        for (const [key, { name }] of this.#entries) if (name === subject) this.#entries.delete(key);
        this.#emit(member, { kind: 'removed', name: subject });
    }
    return undefined;
  }

  #write(member: Member, request: SecretRequest, secret: StoredSecret): void {
    const key = keyOf(request);
    const present = this.#entries.get(key);
    if (present !== undefined && present.secret.fetchedAt > secret.fetchedAt) return;
    this.#entries.delete(key);
    this.#entries.set(key, { name: request.name, secret });
    const [oldest = key] = this.#entries.keys();
    if (this.#entries.size > maxEntries) this.#entries.delete(oldest);
    this.#emit(member, { kind: 'written', request, fetchedAt: secret.fetchedAt });
  }

  #release(member: Member, key: string): boolean {
    return this.#leases.get(key)?.owner === member && this.#leases.delete(key);
  }

  #lease(owner: Member, key: string, ms: number): boolean {
    const now = this.#clock.now();
    if ((this.#leases.get(key)?.until ?? now) > now) return false;
    this.#leases.set(key, { owner, until: now + ms });
    return true;
  }

  #emit(source: Member, event: StoreEvent): void {
    for (const member of this.#members) if (member !== source) member.onEvent(event);
  }
}

function keyOf({ name, stage, versionId }: SecretRequest): string {
  return JSON.stringify([name, stage ?? null, versionId ?? null]);
}
