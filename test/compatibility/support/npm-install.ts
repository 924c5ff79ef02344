import { runProgram } from './program.ts';

export async function npmInstall(cwd: string, npmOptions: readonly string[]): Promise<void> {
  const options = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...npmOptions];
  // With this machine's environment: npm needs its settings, its cache and its registry.
  const env = process.env as Record<string, string>;
  const { code, output } = await runProgram('npm', options, { cwd, env, timeout: 600_000 });
  if (code !== 0) throw new Error(`npm install failed in ${cwd}:\n${output}`);
}
