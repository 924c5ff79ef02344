import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { startCloud } from './support/cloud.ts';
import type { Cloud } from './support/cloud.ts';
import { limitConcurrency } from './support/limit-concurrency.ts';
import { runProgram } from './support/program.ts';
import { expectReads } from './support/reader.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const compilers = ['5.4.5', '5.9.3', '6.0.3', '7.0.2'] as const;
type Compiler = (typeof compilers)[number];
const packages = ['core', 'redis', 'testing', 'express', 'fastify', 'koa', 'hono', 'midway', 'nestjs', 'next'];
const frameworks = {
  '@midwayjs/core': '4.0.0',
  '@midwayjs/koa': '4.0.0',
  '@nestjs/common': '11.2.10', // Nest 12 is an ES module, which CommonJS with node16 cannot import
  '@nestjs/core': '11.2.10',
  '@nestjs/platform-express': '11.2.10',
  '@nestjs/terminus': '11.1.1',
  '@types/express': '5.0.6',
  '@types/koa': '3.0.3',
  '@types/node': '22.20.7',
  '@types/react': '19.3.0',
  express: '5.3.0',
  fastify: '5.12.8',
  hono: '4.13.19',
  ioredis: '6.0.0',
  koa: '3.3.0',
  next: '16.4.6',
  react: '19.3.1',
  'react-dom': '19.3.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  vitest: '4.1.12',
};

/** How a project is compiled. */
interface Setting {
  readonly resolution: 'node10' | 'node16' | 'nodenext' | 'bundler';
  readonly format: 'CommonJS' | 'ESM';
  readonly compilers: readonly Compiler[];
  readonly remark?: string;
}

const settings = (['CommonJS', 'ESM'] as const).flatMap((format): readonly Setting[] => [
  {
    resolution: 'node10',
    format,
    compilers: ['5.4.5', '5.9.3', '6.0.3'],
    remark: 'works; TypeScript 6 needs `ignoreDeprecations: "6.0"`, TypeScript 7 has no `node10`',
  },
  { resolution: 'node16', format, compilers },
  { resolution: 'nodenext', format, compilers },
  { resolution: 'bundler', format, compilers },
]);

const isBefore6 = (compiler: Compiler): boolean => Number.parseInt(compiler, 10) < 6;

/** The option `module` of a setting. */
function moduleOption({ resolution, format }: Setting, compiler: Compiler): string {
  if (resolution === 'node16' || resolution === 'nodenext') return resolution;
  if (format === 'ESM') return 'esnext';
  // Before version 6, TypeScript refuses `bundler` with `commonjs`.
  return resolution === 'bundler' && isBefore6(compiler) ? 'preserve' : 'commonjs';
}

/** The folder of the sources, named after the `type` in its package.json. */
const folderOf = ({ format }: Setting): string => (format === 'ESM' ? 'module' : 'commonjs');

/** Whether Node runs the output without a bundler. */
const isRunnable = (setting: Setting, compiler: Compiler): boolean => moduleOption(setting, compiler) !== 'preserve';

let cloud: Cloud;
let project: UsersProject;

beforeAll(async () => {
  cloud = await startCloud();
  const typescripts = compilers.map((version) => [`typescript-${version}`, `npm:typescript@${version}`]);
  project = await usersProject('typescript', {
    packages,
    dependencies: { ...frameworks, ...Object.fromEntries(typescripts) },
  });
  const fixtures = join(import.meta.dirname, 'fixtures');
  const exports = await everyExport(packages.filter((last) => last !== 'next'));
  const exportsOfNext = await everyExport(['next']);
  for (const type of ['commonjs', 'module']) {
    const folder = join(project.directory, type);
    await cp(join(fixtures, 'typescript'), folder, { recursive: true });
    await cp(join(fixtures, 'reader/scenario.cjs'), join(folder, 'scenario.cjs'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
    await writeFile(join(folder, 'src/app/exports.ts'), exports);
    await writeFile(join(folder, 'src/app/next.exports.ts'), exportsOfNext);
  }
});
afterAll(() => cloud[Symbol.asyncDispose]());

/** A module that uses every entry point of the packages, and fails to compile if the type of an export is missing or `any`. */
async function everyExport(ofPackages: readonly string[]): Promise<string> {
  const specifiers: string[] = [];
  for (const last of ofPackages) {
    const path = join(project.directory, 'node_modules/@kms-secrets', last, 'package.json');
    const { name, exports } = JSON.parse(await readFile(path, 'utf8')) as { name: string; exports: object };
    // Entry points without declarations are internal.
    const entries = Object.entries(exports).filter(([, files]) => JSON.stringify(files).includes('.d.ts'));
    specifiers.push(...entries.map(([entry]) => `${name}${entry.slice(1)}`));
  }
  const script = `const names = async (specifier) => [specifier, Object.keys(await import(specifier))];
    console.log(JSON.stringify(await Promise.all(${JSON.stringify(specifiers)}.map(names))))`;
  // The condition of React's server: without it, @kms-secrets/next throws.
  const options = ['--conditions', 'react-server', '--input-type=module', '--eval', script];
  const { output } = await project.run(process.execPath, options);
  const modules = JSON.parse(output.slice(output.indexOf('[['))) as [string, string[]][];
  const isTyped = (type: string): string => `isAny<${type}>(false);\n`;
  return [
    'declare function isAny<Type>(result: 0 extends 1 & Type ? true : false): void;\n',
    ...modules.flatMap(([specifier, names], index) => [
      `import * as module${index} from '${specifier}';\n`,
      ...names
        .filter((name) => name !== 'default' && name !== 'module.exports' && name !== '__esModule')
        .map((name) => isTyped(`typeof module${index}.${name}`)),
    ]),
  ].join('');
}

/** Compiles the fixtures, and returns the errors that are not in the types of another package. */
async function compile(setting: Setting, compiler: Compiler, output: string): Promise<readonly string[]> {
  const folder = join(project.directory, folderOf(setting));
  const compilerOptions = {
    module: moduleOption(setting, compiler),
    moduleResolution: setting.resolution,
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    skipDefaultLibCheck: true, // half of the time goes into TypeScript's own lib.dom.d.ts
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    outDir: output,
    rootDir: 'src/app',
    ...(setting.resolution === 'node10' && compiler === '6.0.3' && { ignoreDeprecations: '6.0' }),
  };
  const tsconfig = join(folder, `tsconfig.${setting.resolution}.${compiler}.json`);
  // The 700 declaration files of Next.js take the older compilers longer than all others together.
  const exclude = compiler === '7.0.2' ? [] : ['src/app/next.*'];
  await writeFile(tsconfig, JSON.stringify({ compilerOptions, include: ['src/app'], exclude }));
  const tsc = join(project.directory, `node_modules/typescript-${compiler}/bin/tsc`);
  const result = await runProgram(process.execPath, [tsc, '-p', tsconfig, '--pretty', 'false'], { cwd: folder });
  const isForeign = (line: string): boolean => /^(?:\.\.\/)*node_modules\/(?!@kms-secrets\/)/u.test(line);
  return result.output.split('\n').filter((line) => line !== '' && !line.startsWith(' ') && !isForeign(line));
}

for (const setting of settings) {
  const { resolution, format, remark } = setting;
  const claim = {
    area: 'TypeScript',
    setting: `${resolution}, ${format}`,
    versions: `TypeScript ${setting.compilers.join(', ')}`,
    ...(remark !== undefined && { remark }),
  } as const;
  supports(claim, async () => {
    const limited = limitConcurrency(2);
    const results = setting.compilers.map((compiler) =>
      limited(async () => {
        const output = join(project.directory, folderOf(setting), 'out', `${resolution}-${compiler}`);
        const errors = await compile(setting, compiler, output);
        const program = { command: process.execPath, args: [join(output, 'reader.js')] };
        if (errors.length === 0 && isRunnable(setting, compiler)) await expectReads(cloud, 'access key', program);
        return { compiler, errors };
      }),
    );
    expect(await Promise.all(results)).toEqual(setting.compilers.map((compiler) => ({ compiler, errors: [] })));
  });
}
