import { resolve } from 'node:path';
import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { ConfigurationError, StoreError } from '../secret/errors.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { describeValue } from '../options/redact.ts';
import type { SecretStore, StoredSecret, StoreEvent } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { readKeyring } from '../seal/keyring.ts';
import type { Keyring, KeyringOptions } from '../seal/keyring.ts';
import type { Packs } from './packs.ts';
import type { Change, Round } from './commit.ts';
import type { Files } from './secret-folder.ts';

export interface FileStoreOptions extends KeyringOptions {
  /** A folder for these files alone. It is made if it is missing; one that others can get at is refused. */
  readonly path: string;
  readonly clock?: Clock | undefined;
}

/**
 * Keeps secrets in files, sealed, so that a process that is started while KMS is away has them. Any number of processes may
 * share the folder.
 *
 * Throws `ConfigurationError`. Whether the folder can be used shows when it is used first: then calls reject with `StoreError`.
 */
export function fileStore(options: FileStoreOptions): SecretStore {
  return fileStoreOn({}, options);
}

/** The disk and the user of a test's choice. */
export interface FileStoreMachine {
  readonly files?: Files;
  readonly uid?: number;
}

export function fileStoreOn(machine: FileStoreMachine, options: FileStoreOptions): SecretStore {
  const { path, clock = systemClock } = options;
  const { keyring, issues } = readKeyring(options);
  const all = [...pathIssues(path), ...issues];
  if (keyring === undefined || all.length > 0) throw new ConfigurationError(all);
  // Where it leads now, wherever the process goes later.
  return new FileStore({ path: resolve(path), clock, keyring, machine });
}

function pathIssues(path: unknown): readonly ConfigurationIssue[] {
  if (typeof path === 'string' && path.trim() !== '' && !path.includes('\0')) return [];
  const expected = 'the path of a folder for sealed secrets';
  return [{ key: 'path', source: 'option', got: describeValue(path), expected, example: '/var/cache/my-app/secrets' }];
}

interface FileStoreParts {
  readonly path: string;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly machine: FileStoreMachine;
}

/** A change that somebody waits for. */
interface Waiting {
  readonly change: Change;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

interface Opened {
  readonly packs: Packs;
  readonly round: (now: number) => Round;
}

/** So long is what was seen on the disk, sealed as it is, kept in memory after its last use. */
const forgottenAfter = 10_000;
/** What one file takes at the most; the next one takes the rest. */
const mostChanges = 1_024;

/** Reads and rounds of changes. All changes that come while a round is under way make up the next: one file, one sync. */
class FileStore implements SecretStore {
  readonly name: string;
  readonly #parts: FileStoreParts;
  readonly #listeners = new Set<(news: StoreEvent) => void>();
  readonly #waiting: Waiting[] = [];
  readonly #troubles = new Set<'reading' | 'writing'>();
  #opened: Promise<Opened> | undefined;
  #rounds: Promise<void> | undefined;
  #look: Promise<void> | undefined;
  #isClosed = false;
  #stopForgetting = (): void => {};

  constructor(parts: FileStoreParts) {
    this.name = `file store ${parts.path}`;
    this.#parts = parts;
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    if (this.#isClosed) throw this.#closed();
    const found = await this.#reporting('reading', `read secret "${request.name}"`, async () => {
      const { packs } = await this.#open();
      await this.#lookOnce(packs);
      return { kept: packs.find(request), hasDamage: packs.all.some(({ isDamaged }) => isDamaged) };
    });
    // Nobody waits for that; where it fails, it is told as trouble with writing.
    if (found.hasDamage) this.#change({ kind: 'mend' }).catch(() => {});
    return found.kept?.secret;
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    await this.#change({ kind: 'write', request, secret });
  }

  async remove(request: SecretRequest): Promise<void> {
    await this.#change({ kind: 'remove', request });
  }

  async removeAll(name: string): Promise<void> {
    await this.#change({ kind: 'removeAll', name });
  }

  subscribe(listener: (news: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#rounds;
    this.#stopForgetting();
    this.#listeners.clear();
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.packs.settled();
    opened?.packs.forget();
  }

  #change(change: Change): Promise<void> {
    if (this.#isClosed) return Promise.reject(this.#closed());
    return new Promise((done, failed) => {
      this.#waiting.push({ change, done, failed });
      this.#rounds ??= this.#runRounds();
    });
  }

  async #runRounds(): Promise<void> {
    // Whoever writes in the same turn of the event loop takes part in the first round.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const round = this.#waiting.splice(0, mostChanges);
      try {
        await this.#reporting('writing', `write ${round.length === 1 ? 'a secret' : `${round.length} secrets`}`, () =>
          this.#commit(round.map(({ change }) => change)),
        );
        for (const { done } of round) done();
      } catch (error) {
        for (const { failed } of round) failed(error as Error); // `#reporting` rejects with nothing else
      }
    }
    this.#rounds = undefined;
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    const { packs, round } = await this.#open();
    await this.#lookOnce(packs);
    await round(this.#parts.clock.date()).commit(changes);
  }

  /** Reads that come at the same time share one look, if it begins after they came. */
  #lookOnce(packs: Packs): Promise<void> {
    this.#look ??= Promise.resolve().then(() => {
      this.#look = undefined;
      this.#forgetLater(packs);
      return packs.look();
    });
    return this.#look;
  }

  #forgetLater(packs: Packs): void {
    this.#stopForgetting();
    this.#stopForgetting = this.#parts.clock.setUnrefTimer(forgottenAfter, () => packs.forget());
  }

  /** Once; a folder that was refused is looked at again by the next who needs it: it may have been mended. */
  async #open(): Promise<Opened> {
    this.#opened ??= this.#openFolder();
    try {
      return await this.#opened;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }

  async #openFolder(): Promise<Opened> {
    const { path, clock, keyring, machine } = this.#parts;
    // Loaded by those who use it.
    const [{ SecretFolder }, { Packs }, { Round }] = await Promise.all([
      import('./secret-folder.ts'),
      import('./packs.ts'),
      import('./commit.ts'),
    ]);
    const folder = new SecretFolder({ path, date: () => clock.date(), ...machine });
    await folder.check();
    // What cannot be tidied up, on a read-only disk, can be read all the same.
    await folder.tidy().catch(() => {});
    const envelope = await keyring.unlock(keyring.hasPassphrase ? await folder.salt() : '');
    const onDropped = (reason: string, name: string | undefined): void => this.#tell({ kind: 'dropped', name, reason });
    const packs = new Packs({ folder, envelope, onDropped });
    return { packs, round: (now) => new Round(packs, now) };
  }

  /** Trouble is told when it begins and when it is over; who called is told each time. */
  async #reporting<Answer>(doing: 'reading' | 'writing', what: string, act: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await act();
      if (this.#troubles.delete(doing) && this.#troubles.size === 0) this.#tell({ kind: 'recovered' });
      return answer;
    } catch (error) {
      if (this.#isClosed) throw this.#closed();
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#troubles.size === 0) this.#tell({ kind: 'unavailable', reason });
      this.#troubles.add(doing);
      // The folder is gone, or not to be used: the next call makes another, or checks it anew.
      if (codeOf(error) === 'ENOENT' || error instanceof StoreError) this.#opened = undefined;
      throw new StoreError(`The ${this.name} could not ${what}: ${reason}`, { cause: error });
    }
  }

  #tell(news: StoreEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(news);
      } catch {
        // Whoever listens answers for its own errors; a read must not end by them.
      }
    }
  }

  #closed(): StoreError {
    return new StoreError(`The ${this.name} is closed.`);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
