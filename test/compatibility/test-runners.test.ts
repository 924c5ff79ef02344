import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { nodeBinary } from './support/binaries.ts';
import { runProgram } from './support/program.ts';
import { readmeBlock } from './support/readme.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const versions = {
  '@babel/core': '7.29.13',
  '@babel/preset-env': '7.29.14',
  '@swc/core': '1.16.22',
  '@swc/jest': '0.2.39',
  '@types/jest': '30.0.0',
  '@types/node': '22.20.7',
  'babel-jest': '30.5.2',
  jest: '30.5.2',
  mocha: '12.0.3',
  'ts-jest': '29.4.15',
  typescript: '5.9.3',
};
const vitests = { npm: '5.1.2', pnpm: '4.1.12' };
const layouts = ['npm', 'pnpm'] as const;

/** The line of the README that Jest needs. */
const readmeLine = JSON.parse(readmeBlock('core', 'Jest', 'transformIgnorePatterns')) as object;
const commonJs = { ...readmeLine, roots: ['<rootDir>/tests'], cacheDirectory: '.jest-cache', testTimeout: 120_000 };
const typescriptTests = { ...commonJs, testRegex: String.raw`\.spec\.ts$` };
const tsJest = (tsconfig: string): object => ({
  ...typescriptTests,
  transform: { [String.raw`^.+\.(t|j)s$`]: ['ts-jest', { tsconfig }] }, // as in the starter of Nest
});

/** Each Jest setting: its configuration, the versions that it depends on, and further arguments of Node. */
const jestSettings = [
  ['ts-jest, `module: commonjs`', tsJest('tsconfig.commonjs.json'), ['ts-jest', 'typescript'], []],
  ['ts-jest, `module: nodenext`', tsJest('tsconfig.nodenext.json'), ['ts-jest', 'typescript'], []],
  ['babel-jest', { ...commonJs, testRegex: String.raw`\.test\.js$` }, ['babel-jest', '@babel/core'], []],
  [
    '@swc/jest',
    {
      ...typescriptTests,
      transform: {
        [String.raw`^.+\.(t|j)s$`]: ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
      },
    },
    ['@swc/jest', '@swc/core'],
    [],
  ],
  [
    'ES modules',
    { ...commonJs, transformIgnorePatterns: [], transform: {}, testRegex: String.raw`\.test\.mjs$` },
    [],
    ['--experimental-vm-modules'],
  ],
] as const;

const projects = new Map<string, UsersProject>();
beforeAll(async () => {
  for (const packageManager of layouts) {
    const project = await usersProject(`test-runners-${packageManager}`, {
      packages: ['core', 'testing'],
      dependencies: { ...versions, vitest: vitests[packageManager] },
      packageManager,
    });
    await writeTests(project);
    projects.set(packageManager, project);
  }
});

async function writeTests(project: UsersProject): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, 'fixtures/test-runners/secrets.test.js'), 'utf8');
  await mkdir(join(project.directory, 'tests'));
  for (const name of ['secrets.test.js', 'secrets.test.mjs', 'secrets.spec.ts'])
    await project.write(`tests/${name}`, text);
  await project.write('tests/mocha.mjs', `const test = it;\n${text}`);
  await project.write('tests/node-test.mjs', `import { test } from 'node:test';\n${text}`);
  const presets = [['@babel/preset-env', { targets: { node: 'current' } }]];
  await project.write('babel.config.json', JSON.stringify({ presets }));
  const strict = { target: 'es2023', strict: false, skipLibCheck: false, types: ['node', 'jest'] };
  for (const compilerOptions of [
    { ...strict, module: 'commonjs', moduleResolution: 'node10' },
    { ...strict, module: 'nodenext', isolatedModules: true, esModuleInterop: true },
  ])
    await project.write(`tsconfig.${compilerOptions.module}.json`, JSON.stringify({ compilerOptions }));
}

/** Runs the tests of the fixture. Fails unless all of them pass. */
async function expectPasses(
  layout: 'npm' | 'pnpm',
  args: readonly string[],
  command = process.execPath,
): Promise<void> {
  const cwd = projects.get(layout)?.directory ?? '';
  const { code, output } = await runProgram(command, args, { cwd, timeout: 300_000 });
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/\b6 passed|\b6 passing|pass 6\b/u) });
  expect(output).not.toContain('s3cret-');
}

for (const layout of layouts) {
  for (const [name, config, used, nodeOptions] of jestSettings) {
    const claim = {
      area: 'Test runners',
      setting: `Jest, ${name}; installed with ${layout}`,
      versions: ['jest', ...used].map((key) => `${key} ${versions[key as keyof typeof versions]}`).join(', '),
    } as const;
    supports(claim, async () => {
      const file = `jest.${name.replaceAll(/\W+/gu, '-')}.json`;
      await projects.get(layout)?.write(file, JSON.stringify({ testEnvironment: 'node', ...config }));
      await expectPasses(layout, [...nodeOptions, 'node_modules/jest/bin/jest.js', '--config', file]);
    });
  }
  for (const pool of ['threads', 'forks', 'vmThreads']) {
    const setting = `Vitest ${vitests[layout].charAt(0)}, pool ${pool}`;
    supports({ area: 'Test runners', setting, versions: `vitest ${vitests[layout]}` }, async () => {
      // Vitest 5 needs Node 22.
      const node = layout === 'npm' ? await nodeBinary('22.23.3') : process.execPath;
      const options = ['run', 'tests/secrets.spec.ts', '--globals', `--pool=${pool}`, '--testTimeout=120000'];
      await expectPasses(layout, ['node_modules/vitest/vitest.mjs', ...options], node);
    });
  }
}

supports({ area: 'Test runners', setting: 'Mocha', versions: `mocha ${versions.mocha}` }, () =>
  expectPasses('npm', ['node_modules/mocha/bin/mocha.js', '--timeout=120000', 'tests/mocha.mjs']),
);

supports({ area: 'Test runners', setting: 'node:test', versions: 'Node.js 22.23.3' }, async () =>
  expectPasses('npm', ['--test', 'tests/node-test.mjs'], await nodeBinary('22.23.3')),
);
