import { builtinModule } from '../platform/builtin-module.ts';
import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { ConfigurationError, safeMessage, StoreError } from '../secret/errors.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { describeValue } from '../options/redact.ts';
import { unknownOptions } from '../options/unknown-options.ts';
import type { SecretStore, StoredSecret, StoreEvent } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { keyringOptionNames, parseKeyring } from '../seal/keyring.ts';
import type { Keyring, KeyringOptions } from '../seal/keyring.ts';
import type { FolderChange } from './commit.ts';
import type { PackFormats } from './pack-formats.ts';
import type { FileSystem, Permission } from './secret-folder.ts';
import { errorCode, isError } from '../secret/is-error.ts';

export interface FileStoreOptions extends KeyringOptions {
  /**
   * Folder for the encrypted files, which nothing else may use. It is created if it does not exist. A folder that other
   * users can access is rejected.
   */
  readonly path: string;
  /** Source of time, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Creates a store that keeps secrets in encrypted files, so that a process that starts while KMS is unavailable has them.
 * Several processes may share the folder.
 *
 * Throws `ConfigurationError` for invalid options. The folder is checked on first use: until it is usable, operations
 * reject with `StoreError`.
 */
export function fileStore(options: FileStoreOptions): SecretStore {
  return fileStoreWith({}, options);
}

/** The file system, the user id and the permissions of the process, which tests replace. */
export interface FileStoreHost {
  readonly fileSystem?: FileSystem;
  readonly uid?: number;
  readonly permission?: Permission;
}

export function fileStoreWith(host: FileStoreHost, options: FileStoreOptions): SecretStore {
  const { path, clock = systemClock } = options;
  const { keyring, issues } = parseKeyring(options);
  const unknown = unknownOptions(options, 'fileStore()', ['path', 'clock', ...keyringOptionNames]);
  const allIssues = [...unknown, ...pathIssues(path), ...issues];
  if (keyring === undefined || allIssues.length > 0) throw new ConfigurationError(allIssues);
  // Absolute now, because the process may change its working directory.
  return new FileStore({ path: builtinModule('node:path').resolve(path), clock, keyring, host });
}

function pathIssues(path: unknown): readonly ConfigurationIssue[] {
  if (typeof path === 'string' && path.trim() !== '' && !path.includes('\0')) return [];
  const expected = 'the path of a folder for encrypted secrets';
  return [{ key: 'path', source: 'option', got: describeValue(path), expected, example: '/var/cache/my-app/secrets' }];
}

interface FileStoreParts {
  readonly path: string;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly host: FileStoreHost;
}

interface QueuedChange {
  readonly change: FolderChange;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How long encrypted files stay cached in memory after their last use (ms). */
const cacheLifetime = 10_000;
/** Changes in one commit; further ones go into the next. */
const maxChangesPerCommit = 1_024;

/** Changes that arrive while a commit is running are committed together: one file and one sync for all of them. */
class FileStore implements SecretStore {
  readonly name: string;
  readonly #parts: FileStoreParts;
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #queue: QueuedChange[] = [];
  readonly #failing = new Set<'read' | 'write'>();
  #packs: Promise<PackFormats> | undefined;
  #committing: Promise<void> | undefined;
  #refreshing: Promise<PackFormats> | undefined;
  #isClosed = false;
  #keyIds: readonly string[] | undefined;
  /** The last ones that were reported. */
  #foreignKeyIds: readonly string[] = [];
  #hasResealed = false;
  #cancelCacheTimer = (): void => {};

  constructor(parts: FileStoreParts) {
    this.name = `file store ${parts.path}`;
    this.#parts = parts;
  }

  get preparing(): Promise<unknown> | undefined {
    return this.#parts.keyring.deriving;
  }

  get keyIds(): readonly string[] | undefined {
    return this.#keyIds;
  }

  /** A folder that is full, missing or on a failed disk is not a mistake in the configuration. */
  async verify(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#open();
    } catch (error) {
      if (error instanceof StoreError) throw error;
    }
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    if (this.#isClosed) throw this.#closedError();
    const what = `Secret "${request.name}" could not be read from ${this.name}`;
    const { entry, packs } = await this.#reportFailure('read', what, async () => {
      const current = await this.#refreshed();
      return { entry: current.read(request), packs: current };
    });
    // In the background; a failure is reported as an event.
    if (packs.isDamaged || this.#mustReseal(packs)) this.#enqueue({ kind: 'repair' }).catch(() => {});
    return entry?.secret;
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    await this.#enqueue({ kind: 'write', request, secret });
  }

  async remove(request: SecretRequest): Promise<void> {
    await this.#enqueue({ kind: 'remove', request });
  }

  async removeAll(name: string): Promise<void> {
    await this.#enqueue({ kind: 'removeAll', name });
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#committing;
    this.#cancelCacheTimer();
    this.#listeners.clear();
    const packs = await this.#packs?.catch(() => undefined);
    await packs?.deletionsDone();
    packs?.clearCache();
  }

  /** Once per process: while keys are rotated, processes that seal with different keys would rewrite the folder in turn. */
  #mustReseal(packs: PackFormats): boolean {
    if (this.#hasResealed || !packs.hasOldKeys) return false;
    this.#hasResealed = true;
    return true;
  }

  #enqueue(change: FolderChange): Promise<void> {
    if (this.#isClosed) return Promise.reject(this.#closedError());
    return new Promise((done, failed) => {
      this.#queue.push({ change, resolve: done, reject: failed });
      this.#committing ??= this.#commitQueue();
    });
  }

  async #commitQueue(): Promise<void> {
    // Changes of the same turn of the event loop go into the first commit.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, maxChangesPerCommit);
      const changes = batch.length === 1 ? '1 change' : `${batch.length} changes`;
      try {
        await this.#reportFailure('write', `${changes} could not be written to ${this.name}`, () =>
          this.#commit(batch.map(({ change }) => change)),
        );
        for (const queued of batch) queued.resolve();
      } catch (error) {
        for (const queued of batch) queued.reject(error as Error); // `#reportFailure` throws nothing else
      }
    }
    this.#committing = undefined;
  }

  async #commit(changes: readonly FolderChange[]): Promise<void> {
    const packs = await this.#refreshed();
    await packs.commit(changes, this.#parts.clock.date());
  }

  /** The packs as they are on the disk. Concurrent operations share a refresh that begins after all of them. */
  #refreshed(): Promise<PackFormats> {
    this.#refreshing ??= this.#open()
      .finally(() => {
        this.#refreshing = undefined;
      })
      .then(async (packs) => {
        this.#restartCacheTimer(packs);
        await packs.refresh();
        this.#reportForeignKeys(packs);
        return packs;
      });
    return this.#refreshing;
  }

  #reportForeignKeys({ foreignKeyIds, keyIds }: PackFormats): void {
    if (foreignKeyIds.join() === this.#foreignKeyIds.join()) return;
    this.#foreignKeyIds = foreignKeyIds;
    const owned = `files of the key ${foreignKeyIds.join(', ')} are ignored, because this process has only ${keyIds.join(', ')}`;
    const advice =
      'Set the same key in all processes, or delete files that begin with the id of a key that none of them has';
    this.#emit({ kind: 'foreignKeys', keyIds: foreignKeyIds, reason: `${owned}. ${advice}` });
  }

  #restartCacheTimer(packs: PackFormats): void {
    this.#cancelCacheTimer();
    this.#cancelCacheTimer = this.#parts.clock.setUnrefTimer(cacheLifetime, () => packs.clearCache());
  }

  /** Opens the folder once. After a failure the next operation tries again: the folder may have been corrected. */
  async #open(): Promise<PackFormats> {
    this.#packs ??= this.#openFolder();
    try {
      return await this.#packs;
    } catch (error) {
      this.#packs = undefined;
      throw error;
    }
  }

  async #openFolder(): Promise<PackFormats> {
    const { path, clock, keyring, host } = this.#parts;
    // Loaded on first use, so that clients without a file store do not pay for them. One after the other: in its ES modules, Jest
    // fails if two imports at a time load the same module ("request for 'node:crypto' is not in cache").
    const { SecretFolder } = await import('./secret-folder.ts');
    const { PackFormats } = await import('./pack-formats.ts');
    const folder = new SecretFolder({ path, date: () => clock.date(), ...host });
    await folder.prepare();
    // A read-only disk cannot be cleaned up, but it can be read.
    await folder.cleanUp().catch(() => {});
    const envelope = await keyring.unlock(keyring.needsSalt ? await folder.salt() : '');
    this.#keyIds = envelope.keyIds;
    const onDropped = (reason: string, name: string | undefined): void => this.#emit({ kind: 'dropped', name, reason });
    return new PackFormats({ folder, envelope, onDropped });
  }

  /** Rejects for each failed operation, but emits one event when an outage begins and one when it ends. */
  async #reportFailure<Value>(operation: 'read' | 'write', what: string, run: () => Promise<Value>): Promise<Value> {
    try {
      const value = await run();
      if (this.#failing.delete(operation) && this.#failing.size === 0) this.#emit({ kind: 'recovered' });
      return value;
    } catch (error) {
      if (this.#isClosed) throw this.#closedError();
      const reason = reasonOf(error).replace(/\.$/u, '');
      if (this.#failing.size === 0) this.#emit({ kind: 'unavailable', reason });
      this.#failing.add(operation);
      // The folder is missing or was rejected: the next operation creates it or checks it again.
      if (errorCode(error) === 'ENOENT' || error instanceof StoreError) this.#packs = undefined;
      throw new StoreError(`${what}: ${reason}.`, { cause: error });
    }
  }

  #emit(event: StoreEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // An error of a listener must not fail the operation.
      }
    }
  }

  #closedError(): StoreError {
    return new StoreError(`The ${this.name} is closed.`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof StoreError) return safeMessage(error);
  return isError(error) ? error.message : String(error);
}
