import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './program.ts';

export async function npmInstall(cwd: string, npmOptions: readonly string[]): Promise<void> {
  const options = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...npmOptions];
  // With this machine's environment: npm needs its settings, its cache and its registry.
  const env = process.env as Record<string, string>;
  const { code, output } = await runProgram('npm', options, { cwd, env, timeout: 600_000 });
  if (code !== 0) throw new Error(`npm install failed in ${cwd}:\n${output}`);
}

/** Installs with pnpm, which reads no `overrides` in package.json. Deletes what an earlier run has installed. */
export async function pnpmInstall(cwd: string, overrides: Readonly<Record<string, string>>): Promise<void> {
  for (const name of ['node_modules', 'pnpm-lock.yaml']) await rm(join(cwd, name), { recursive: true, force: true });
  // JSON is YAML.
  await writeFile(join(cwd, 'pnpm-workspace.yaml'), JSON.stringify({ overrides, strictDepBuilds: false }));
  const env = process.env as Record<string, string>;
  const options = ['install', '--no-frozen-lockfile', '--prefer-offline', '--ignore-scripts'];
  const { code, output } = await runProgram('pnpm', options, { cwd, env, timeout: 600_000 });
  if (code !== 0) throw new Error(`pnpm install failed in ${cwd}:\n${output}`);
}
