import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Database servers refuse to run as root: Debian's packages create users for them. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

export function serverUser(name: string): ServerUser {
  if (process.getuid?.() !== 0) return {};
  const id = (kind: string): number => Number(execFileSync('id', [kind, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A folder that the server may write to. */
export function serverFolder(prefix: string, { uid, gid }: ServerUser): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

/** The path of a program of a Debian package, in the newest version under `folder`. */
export function programOf(folder: string, name: string, debianPackage: string): string {
  const versions = existsSync(folder) ? readdirSync(folder).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = [join(folder, name), ...versions.map((version) => join(folder, version, 'bin', name))].find((path) =>
    existsSync(path),
  );
  if (found !== undefined) return found;
  throw new Error(`${name} is missing. Install it (apt-get install ${debianPackage}); as root, npm test installs it.`);
}

export interface StartOptions {
  readonly user: ServerUser;
  readonly folder: string;
  /** What the server prints when it is ready. */
  readonly ready: string;
  /** Where it prints that. Default: `stderr`. */
  readonly log?: 'stdout' | 'stderr';
}

/** Starts a server and resolves when it prints `ready`. Returns a function that stops it and removes its folder. */
export async function startServer(
  program: string,
  args: readonly string[],
  { user, folder, ready, log = 'stderr' }: StartOptions,
): Promise<() => Promise<void>> {
  const child = spawn(program, args, { ...user, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  child[log === 'stdout' ? 'stderr' : 'stdout'].resume();
  let output = '';
  for await (const chunk of child[log]) {
    output += String(chunk);
    if (output.includes(ready)) break;
  }
  child[log].resume();
  if (!output.includes(ready)) throw new Error(`${program} did not start: ${output}`);
  return async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
