import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../secret/errors.ts';

/** What a folder wants of the file system: `node:fs/promises`, or a disk of a test's choice. */
export type Files = Pick<
  typeof nodeFiles,
  'chmod' | 'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'unlink'
>;

export interface SecretFolderParts {
  readonly path: string;
  /** Milliseconds since 1970, which tells what is left over from a process that is gone. */
  readonly date: () => number;
  readonly files?: Files | undefined;
  /** Who the folder must belong to; nobody is asked where the system has no users. */
  readonly uid?: number | undefined;
}

/** What is not read, though it has the name of a file of ours: `problem` is the end of a sentence that begins with it. */
export interface NoFile {
  readonly problem: string;
}

/** No file of ours is larger: whatever is, is not read into memory. */
const largestFile = 64 * 1_048_576;
/** A temporary file lives for milliseconds. Who has not come back to it by now was killed. */
const abandonedAfter = 600_000;
const temporary = /^\.[\da-f]{16}\.tmp$/u;
const saltLength = 16;
const saltFile = 'salt';

/**
 * A folder that is ours alone, of files that are whole or not there.
 *
 * A file is written under another name, synced, and renamed; then the folder is synced. So it survives a killed process as
 * well as a power cut, and no process ever sees half of it.
 */
export class SecretFolder {
  readonly path: string;
  readonly #files: Files;
  readonly #date: () => number;
  readonly #uid: number | undefined;
  /** Which folder was checked, whatever stands at its path by now. */
  #checked: Stats | undefined;

  constructor({ path, date, files = nodeFiles, uid = process.geteuid?.() }: SecretFolderParts) {
    this.path = path;
    this.#files = files;
    this.#date = date;
    this.#uid = uid;
  }

  /** Makes the folder if it is missing, and refuses one that others can get at. Rejects with `StoreError`, or as the disk does. */
  async check(): Promise<void> {
    const found = await this.#found();
    this.#judge(found);
    this.#checked = found;
  }

  #judge(found: Stats): void {
    const refuse = (why: string, advice: string): never => {
      throw new StoreError(`The folder ${this.path} is not used for secrets: ${why}. ${advice}`);
    };
    const another = 'Name a folder that does not exist yet: it will be made.';
    if (found.isSymbolicLink()) refuse('it is a link to elsewhere', 'Name the folder that it leads to.');
    if (!found.isDirectory()) refuse('it is not a folder', another);
    if (this.#uid === undefined) return;
    if (found.uid !== this.#uid) {
      refuse(`it belongs to user ${found.uid}, and this process is user ${this.#uid}`, another);
    }
    const mode = found.mode & 0o777;
    if ((mode & 0o077) !== 0) {
      refuse(`others can get at it (mode ${mode.toString(8)})`, `Run chmod 700 on it. ${another}`);
    }
  }

  /** Takes away what killed processes have left, and closes files that others could open. */
  async tidy(): Promise<void> {
    for (const name of await this.#files.readdir(this.path)) {
      const path = join(this.path, name);
      const { mtimeMs, mode } = await this.#files.lstat(path);
      if (temporary.test(name)) {
        // In both directions: a calendar can have been set back.
        if (Math.abs(this.#date() - mtimeMs) > abandonedAfter) await this.remove(name);
      } else if (this.#uid !== undefined && (mode & 0o077) !== 0 && (mode & constants.S_IFMT) === constants.S_IFREG) {
        await this.#files.chmod(path, 0o600);
      }
    }
  }

  /** Rejects with `StoreError` if others can get at it by now, or if another folder has taken its place. */
  async list(): Promise<string[]> {
    const [found, checked] = [await this.#files.lstat(this.path), this.#checked];
    if (this.#uid !== undefined && (found.dev !== checked?.dev || found.ino !== checked.ino)) {
      throw new StoreError(`The folder ${this.path} is another folder than before.`);
    }
    this.#judge(found);
    return this.#files.readdir(this.path);
  }

  /** `undefined` if it is gone. A link is not followed, and a pipe not waited for. */
  async read(name: string): Promise<Buffer | NoFile | undefined> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    try {
      const file = await this.#files.open(join(this.path, name), flags);
      try {
        const stats = await file.stat();
        if (!stats.isFile()) return { problem: 'is no file' };
        if (stats.size > largestFile) return { problem: `has ${stats.size} bytes, as none of ours has` };
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      if (codeOf(error) === 'ELOOP') return { problem: 'is a link to elsewhere' };
      throw error;
    }
  }

  /** When it resolves, the file is on the disk, whole. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.#writeAside(bytes, (aside) => this.#files.rename(aside, join(this.path, name)));
    await this.#sync();
  }

  /** That it is gone already is no error. */
  async remove(name: string): Promise<void> {
    try {
      await this.#files.unlink(join(this.path, name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** What all keys of this folder are derived with from a passphrase: drawn by the process that comes first, read by all. */
  async salt(): Promise<Buffer> {
    const found = await this.read(saltFile);
    if (Buffer.isBuffer(found) && found.length === saltLength) return found;
    const drawn = randomBytes(saltLength);
    // One that is damaged opens nothing any more.
    if (found !== undefined) await this.put(saltFile, drawn);
    else await this.#writeAside(drawn, (aside) => this.#linkFirst(aside));
    await this.#sync();
    const kept = await this.read(saltFile);
    return Buffer.isBuffer(kept) ? kept : drawn;
  }

  async #found(): Promise<Stats> {
    try {
      return await this.#files.lstat(this.path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      await this.#files.mkdir(this.path, { recursive: true, mode: 0o700 });
      return this.#files.lstat(this.path);
    }
  }

  /** Unlike a rename, a link never takes the place of what another process was quicker to put there. */
  async #linkFirst(aside: string): Promise<void> {
    try {
      await this.#files.link(aside, join(this.path, saltFile));
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    await this.#files.unlink(aside);
  }

  async #writeAside(bytes: Uint8Array, place: (aside: string) => Promise<void>): Promise<void> {
    const name = `.${randomBytes(8).toString('hex')}.tmp`;
    const aside = join(this.path, name);
    try {
      const file = await this.#files.open(aside, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await place(aside);
    } catch (error) {
      // On a full disk this is what makes room; why it was full is what is told.
      await this.remove(name).catch(() => {});
      throw error;
    }
  }

  async #sync(): Promise<void> {
    // Windows cannot open a folder, and needs no such thing.
    if (this.#uid === undefined) return;
    const folder = await this.#files.open(this.path, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
