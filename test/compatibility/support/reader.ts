import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Cloud, CloudSecret, Identity } from './cloud.ts';
import { runProgram } from './program.ts';
import type { ProgramOptions, ProgramResult } from './program.ts';

export interface ReaderProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sends the requests through the proxy of the cloud, and fails unless they went there. */
  readonly throughProxy?: boolean;
  /** Gives the client a file store, and fails if an operation of it fails, or if it has no files at the end. */
  readonly withFileStore?: boolean;
  /** Further lines of the properties file. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called before the start, with the folder that contains the properties file. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Another user to run as. */
  readonly user?: ProgramOptions['user'];
}

/**
 * Runs fixtures/reader, or a build of it, in a folder that contains its properties file only. Fails unless it read the secret,
 * then the rotated version, was denied the other secret, printed no value and exited with 0.
 */
export async function expectReads(cloud: Cloud, identity: Identity, program: ReaderProgram): Promise<string> {
  const tunnelsBefore = cloud.proxy.tunnels;
  const { code, output, hasStored, secret } = await runReader(cloud, identity, program);
  const steps = output.split('\n').filter((line) => /^(?:first|rotated|denied|closed)\b/u.test(line));
  expect({ identity, steps, code, hasStored, output }).toEqual({
    identity,
    steps: [`first ${secret.firstDigest}`, `rotated ${secret.rotatedDigest}`, 'denied ERR_ACCESS_DENIED', 'closed'],
    code: 0,
    hasStored: program.withFileStore === true,
    output: expect.not.stringContaining('s3cret-'),
  });
  if (program.withFileStore === true) expect(output).not.toMatch(/^store /mu);
  if (program.throughProxy === true) expect(cloud.proxy.tunnels).toBeGreaterThan(tunnelsBefore);
  return output;
}

export interface ReaderResult extends ProgramResult {
  readonly secret: CloudSecret;
  /** Whether its file store has files. */
  readonly hasStored: boolean;
}

/** Runs fixtures/reader, and rotates its secret after the first read. For programs that are expected to fail. */
export async function runReader(
  cloud: Cloud,
  identity: Identity,
  { command, args, env, throughProxy = false, withFileStore = false, settings, ...program }: ReaderProgram,
): Promise<ReaderResult> {
  const secret = cloud.createSecret();
  await using deployment = await cloud.deploy(identity, settings);
  await program.prepare?.(deployment.folder);
  const result = await runProgram(command, args, {
    cwd: deployment.folder,
    user: program.user,
    env: {
      ...deployment.env,
      READER_SECRET: secret.name,
      ...(throughProxy && { HTTPS_PROXY: cloud.proxy.url }),
      ...(withFileStore && { READER_STORE: 'store' }),
      ...env,
    },
    onLine: (line) => {
      if (line.startsWith('first ')) secret.rotate();
    },
  });
  const stored = await readdir(join(deployment.folder, 'store')).catch(() => []);
  return { ...result, secret, hasStored: stored.length > 0 };
}
