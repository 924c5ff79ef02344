import { expect } from 'vitest';
import type { Cloud, Identity } from './cloud.ts';
import { runProgram } from './program.ts';

export interface ReaderProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sends the requests through the proxy of the cloud, and fails unless they went there. */
  readonly throughProxy?: boolean;
  /** Further lines of the properties file. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Runs fixtures/reader, or a build of it, in a folder that contains its properties file only. Fails unless it read the secret,
 * then the rotated version, was denied the other secret, printed no value and exited with 0.
 */
export async function expectReads(cloud: Cloud, identity: Identity, program: ReaderProgram): Promise<string> {
  const secret = cloud.createSecret();
  await using deployment = await cloud.deploy(identity, program.settings);
  const tunnelsBefore = cloud.proxy.tunnels;
  const { code, output } = await runProgram(program.command, program.args, {
    cwd: deployment.folder,
    env: {
      ...deployment.env,
      READER_SECRET: secret.name,
      ...(program.throughProxy === true && { HTTPS_PROXY: cloud.proxy.url }),
      ...program.env,
    },
    onLine: (line) => {
      if (line.startsWith('first ')) secret.rotate();
    },
  });
  const steps = output.split('\n').filter((line) => /^(?:first|rotated|denied|closed)\b/u.test(line));
  expect({ identity, steps, code, output }).toEqual({
    identity,
    steps: [`first ${secret.firstDigest}`, `rotated ${secret.rotatedDigest}`, 'denied ERR_ACCESS_DENIED', 'closed'],
    code: 0,
    output: expect.not.stringContaining('s3cret-'),
  });
  if (program.throughProxy === true) expect(cloud.proxy.tunnels).toBeGreaterThan(tunnelsBefore);
  return output;
}
