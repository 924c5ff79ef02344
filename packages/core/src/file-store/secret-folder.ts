import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import * as nodeFileSystem from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../secret/errors.ts';
import { errorCode } from '../secret/is-error.ts';

/** The functions of `node:fs/promises` that are used; tests pass their own. */
export type FileSystem = Pick<
  typeof nodeFileSystem,
  'chmod' | 'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'unlink'
>;

export interface SecretFolderParts {
  readonly path: string;
  /** Milliseconds since 1970, to detect abandoned temporary files. */
  readonly date: () => number;
  readonly fileSystem?: FileSystem | undefined;
  /** The required owner of the folder; not checked on systems without user ids. */
  readonly uid?: number | undefined;
  /** `process.permission`: `undefined` without Node's permission model. */
  readonly permission?: Permission | undefined;
}

/** Part of `process.permission`. */
export interface Permission {
  has(scope: string, path: string): boolean;
}

/** Why a file was not read, as a predicate: "is a symbolic link". */
export interface UnreadableFile {
  readonly reason: string;
}

/** A larger file is not read into memory. */
const maxFileSize = 64 * 1_048_576;
/** A temporary file exists for milliseconds. One older than this (ms) was left by a killed process. */
const abandonedAfter = 600_000;
const temporaryFile = /^\.[\da-f]{16}\.tmp$/u;
const saltLength = 16;
const saltFile = 'salt';

/**
 * A private folder whose files are complete or do not exist.
 *
 * A file is written under a temporary name, synced and renamed; then the folder is synced. So it survives a killed process
 * and a power failure, and no process sees half of it.
 */
export class SecretFolder {
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #date: () => number;
  readonly #uid: number | undefined;
  readonly #permission: Permission | undefined;
  /** Identifies the folder that was checked, in case another one takes its path. */
  #checked: Stats | undefined;

  constructor({
    path,
    date,
    fileSystem = nodeFileSystem,
    uid = process.geteuid?.(),
    permission = process.permission,
  }: SecretFolderParts) {
    this.path = path;
    this.#fileSystem = fileSystem;
    this.#date = date;
    this.#uid = uid;
    this.#permission = permission;
  }

  /**
   * Creates the folder if it does not exist. Rejects with `StoreError` if other users can access it, or with the error of
   * the file system.
   */
  async prepare(): Promise<void> {
    const stats = await this.#statOrCreate();
    this.#assertPrivate(stats);
    this.#checked = stats;
  }

  #assertPrivate(stats: Stats): void {
    const reject = (reason: string, advice: string): never => {
      throw new StoreError(`Folder ${this.path} cannot be used for secrets: ${reason}. ${advice}`);
    };
    const useNewFolder = 'Set path to a folder that does not exist yet: it will be created.';
    if (stats.isSymbolicLink()) reject('it is a symbolic link', 'Set path to the target of the link.');
    if (!stats.isDirectory()) reject('it is not a folder', useNewFolder);
    if (this.#uid === undefined) return;
    if (stats.uid !== this.#uid) {
      reject(`it belongs to user ${stats.uid}, but this process runs as user ${this.#uid}`, useNewFolder);
    }
    const mode = stats.mode & 0o777;
    if ((mode & 0o077) !== 0) {
      reject(`other users can access it (mode ${mode.toString(8)})`, `Run chmod 700 on it. ${useNewFolder}`);
    }
  }

  /**
   * Throws if Node's permission model denies access to the files. In Node 20.19, `unlink`, `rename`, `link` and `readdir` would
   * then reject a promise that nothing can handle, and end the process.
   */
  #assertPermitted(access: 'read' | 'write'): void {
    if (this.#permission?.has(`fs.${access}`, join(this.path, saltFile)) ?? true) return;
    throw new StoreError(
      `Node's permission model denies access to folder ${this.path}. Start Node with --allow-fs-${access}=${this.path}/*.`,
    );
  }

  /** Deletes abandoned temporary files, and makes files private that other users could open. */
  async cleanUp(): Promise<void> {
    this.#assertPermitted('read');
    for (const name of await this.#fileSystem.readdir(this.path)) {
      const path = join(this.path, name);
      const { mtimeMs, mode } = await this.#fileSystem.lstat(path);
      if (temporaryFile.test(name)) {
        // The absolute age, because the calendar may have been set back.
        if (Math.abs(this.#date() - mtimeMs) > abandonedAfter) await this.remove(name);
      } else if (this.#uid !== undefined && (mode & 0o077) !== 0 && (mode & constants.S_IFMT) === constants.S_IFREG) {
        await this.#fileSystem.chmod(path, 0o600);
      }
    }
  }

  /** Rejects with `StoreError` if other users can access the folder, or if another folder has replaced it. */
  async list(): Promise<string[]> {
    this.#assertPermitted('read');
    const stats = await this.#fileSystem.lstat(this.path);
    if (this.#uid !== undefined && (stats.dev !== this.#checked?.dev || stats.ino !== this.#checked.ino)) {
      throw new StoreError(`Folder ${this.path} was replaced by another folder while it was in use.`);
    }
    this.#assertPrivate(stats);
    return this.#fileSystem.readdir(this.path);
  }

  /** Resolves to `undefined` if the file does not exist. Does not follow links, and does not block on pipes. */
  async read(name: string): Promise<Buffer | UnreadableFile | undefined> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    try {
      const file = await this.#fileSystem.open(join(this.path, name), flags);
      try {
        const stats = await file.stat();
        if (!stats.isFile()) return { reason: 'is not a regular file' };
        if (stats.size > maxFileSize) return { reason: `is too large (${stats.size} bytes)` };
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      if (errorCode(error) === 'ELOOP') return { reason: 'is a symbolic link' };
      throw error;
    }
  }

  /** When it resolves, the whole file is on the disk. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#writeTemporary(bytes, (temporary) => this.#fileSystem.rename(temporary, join(this.path, name)));
    await this.#sync();
  }

  /** Resolves if the file does not exist. */
  async remove(name: string): Promise<void> {
    this.#assertPermitted('write');
    try {
      await this.#fileSystem.unlink(join(this.path, name));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }

  /** The salt for the keys of this folder: drawn by the first process, read by all others. */
  async salt(): Promise<Buffer> {
    const present = await this.read(saltFile);
    if (Buffer.isBuffer(present) && present.length === saltLength) return present;
    const drawn = randomBytes(saltLength);
    // A damaged salt is replaced: it derives no key that ever sealed anything.
    if (present !== undefined) await this.write(saltFile, drawn);
    else await this.#writeTemporary(drawn, (temporary) => this.#linkSalt(temporary));
    await this.#sync();
    const written = await this.read(saltFile);
    return Buffer.isBuffer(written) ? written : drawn;
  }

  async #statOrCreate(): Promise<Stats> {
    try {
      return await this.#fileSystem.lstat(this.path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      await this.#fileSystem.mkdir(this.path, { recursive: true, mode: 0o700 });
      return this.#fileSystem.lstat(this.path);
    }
  }

  /** A link, unlike a rename, does not replace the salt that another process wrote first. */
  async #linkSalt(temporary: string): Promise<void> {
    try {
      await this.#fileSystem.link(temporary, join(this.path, saltFile));
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    await this.#fileSystem.unlink(temporary);
  }

  async #writeTemporary(bytes: Uint8Array, publish: (temporary: string) => Promise<void>): Promise<void> {
    this.#assertPermitted('write');
    const name = `.${randomBytes(8).toString('hex')}.tmp`;
    const temporary = join(this.path, name);
    try {
      const file = await this.#fileSystem.open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await flush(file);
      } finally {
        await file.close();
      }
      await publish(temporary);
    } catch (error) {
      // Frees the space on a full disk. The first error is the one to report.
      await this.remove(name).catch(() => {});
      throw error;
    }
  }

  async #sync(): Promise<void> {
    // Windows cannot open a folder, and needs no sync of it.
    if (this.#uid === undefined) return;
    const folder = await this.#fileSystem.open(this.path, constants.O_RDONLY);
    try {
      await flush(folder);
    } finally {
      await folder.close();
    }
  }
}

/**
 * Node 26 disables `fsync` under its permission model. A power failure can then lose or damage the last files; damaged ones are
 * dropped.
 */
async function flush(file: nodeFileSystem.FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (errorCode(error) !== 'ERR_ACCESS_DENIED') throw error;
  }
}
