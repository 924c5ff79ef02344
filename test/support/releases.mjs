// @ts-check
// Releases of the packages in folders of their own, so that processes of two releases can run side by side.
import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';

const packagesFolder = fileURLToPath(new URL('../../packages', import.meta.url));

/**
 * Unpacks the packages of a release of the past.
 * @param {string} folder a new one for the release
 * @param {URL} tarballs the folder of core.tar.gz and redis.tar.gz
 */
export async function unpackRelease(folder, tarballs) {
  for (const name of ['core', 'redis']) {
    const target = packageFolder(folder, name);
    await mkdir(target, { recursive: true });
    const tarball = fileURLToPath(new URL(`${name}.tar.gz`, tarballs));
    await promisify(execFile)('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
  }
  await linkClient(folder);
}

/**
 * Builds the present sources as a release that reads these format versions and writes the first one.
 * @param {string} folder a new one for the release
 * @param {readonly number[]} versions
 */
export async function buildRelease(folder, versions) {
  const target = packageFolder(folder, 'core');
  const source = join(packagesFolder, 'core');
  const built = await rolldown({
    input: { index: join(source, 'src/index.ts') },
    external: (id) => id.startsWith('node:') || id.startsWith('@alicloud/'),
    platform: 'node',
    tsconfig: join(source, 'tsconfig.json'),
    transform: { target: 'es2023', define: { KMS_SECRETS_VERSION: JSON.stringify('next') } },
    plugins: [formatVersionsPlugin(versions)],
  });
  await built.write({ dir: join(target, 'dist'), format: 'esm', entryFileNames: '[name].js' });
  await built.close();
  await writeFile(
    join(target, 'package.json'),
    JSON.stringify({ name: '@kms-secrets/core', type: 'module', exports: './dist/index.js' }),
  );
  const redis = join(packagesFolder, 'redis');
  await cp(join(redis, 'dist'), join(packageFolder(folder, 'redis'), 'dist'), { recursive: true });
  await cp(join(redis, 'package.json'), join(packageFolder(folder, 'redis'), 'package.json'));
  await linkClient(folder);
}

/**
 * The types of the packages may differ from those of the present ones, hence `any`.
 * @param {string} folder
 * @returns {Promise<{ core: any; redis: any }>}
 */
export async function importRelease(folder) {
  const [core, redis] = await Promise.all(
    ['core', 'redis'].map((name) => import(pathToFileURL(join(packageFolder(folder, name), 'dist/index.js')).href)),
  );
  return { core, redis };
}

/**
 * Replaces the list of `packages/core/src/seal/format-versions.ts`.
 * @param {readonly number[]} versions
 * @returns {import('rolldown').Plugin}
 */
function formatVersionsPlugin(versions) {
  return {
    name: 'format-versions',
    load: (id) =>
      /seal.format-versions\.ts$/u.test(id) ? `export const formatVersions = ${JSON.stringify(versions)};` : undefined,
  };
}

/**
 * @param {string} folder
 * @param {string} name
 */
function packageFolder(folder, name) {
  return join(folder, 'node_modules/@kms-secrets', name);
}

/** The Redis client of the app. @param {string} folder */
async function linkClient(folder) {
  const manifest = createRequire(join(packagesFolder, 'redis/package.json')).resolve('ioredis/package.json');
  await symlink(dirname(manifest), join(folder, 'node_modules/ioredis'));
}
