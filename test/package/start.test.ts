import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

const core = join(import.meta.dirname, '../../packages/core');
const dist = join(core, 'dist');
const bundles = readdirSync(dist).filter((file) => file.endsWith('.js'));
const read = (file: string): string => readFileSync(join(dist, file), 'utf8');

/** Runs a script in a new process and returns what it printed as JSON. */
async function run(script: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env: {} });
  return JSON.parse(stdout);
}

// Docs: docs/decisions/0022-bundling.md. Counts instead of times, which depend on the machine.
describe('the start of a process', () => {
  /** What each step loads: modules of Node that have a public name, and files of the package. */
  interface Loaded {
    readonly modules: readonly string[];
    readonly files: readonly string[];
  }
  let imported: Loaded;
  let created: Loaded;
  let fetched: Loaded;

  beforeAll(async () => {
    const hook = `import { writeSync } from 'node:fs';
      export const load = (url, context, next) => { if (url.startsWith('file:')) writeSync(1, JSON.stringify(url.split('/').at(-1)) + ','); return next(url, context); };`;
    const script = `
      import { register } from 'node:module';
      import { writeSync } from 'node:fs';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
      await import('node:path');
      const seen = new Set(process.moduleLoadList);
      const step = (name) => {
        const modules = process.moduleLoadList.filter((each) => !seen.has(each));
        for (const each of modules) seen.add(each);
        const names = modules.flatMap((each) => /^NativeModule (?!internal\\/)(.+)$/.exec(each)?.[1] ?? []);
        writeSync(1, JSON.stringify({ step: name, modules: names }) + ',');
      };
      writeSync(1, '[');
      const { createSecretClient } = await import(${JSON.stringify(join(dist, 'index.js'))});
      step('import');
      const credentials = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
      const client = createSecretClient({ credentials, endpoints: [{ endpoint: '127.0.0.1:1' }], precedence: 'code-only', retry: { maxAttempts: 1 } });
      step('create');
      await client.get('app/db').catch(() => {});
      step('fetch');
      await client.close();
      writeSync(1, '0]');`;
    const lines = (await run(script)) as readonly (string | number | { step: string; modules: readonly string[] })[];
    const steps: Loaded[] = [];
    let files: string[] = [];
    for (const line of lines) {
      if (typeof line === 'string') files.push(line);
      else if (typeof line === 'object') {
        steps.push({ modules: line.modules, files });
        files = [];
      }
    }
    [imported, created, fetched] = steps as [Loaded, Loaded, Loaded];
  });

  test('an import loads two files', () => {
    expect(imported.files).toEqual(['index.js', 'core.js']);
  });

  test('an import loads no module of Node but node:module', () => {
    expect(imported.modules.filter((name) => name !== 'module')).toEqual([]);
  });

  test('a new client loads no file and no network or crypto module', () => {
    expect(created.files).toEqual([]);
    expect(created.modules).not.toEqual(expect.arrayContaining([expect.stringMatching(/^_?(?:crypto|http|net|tls)/u)]));
  });

  test('the first fetch loads one file, and node:https', () => {
    expect(fetched.files).toEqual(['transports.js']);
    expect(fetched.modules).toContain('https');
  });
});

describe('the bundle of core', () => {
  test('is ASCII, which Node decodes fastest', () => {
    expect(bundles.filter((file) => /[^\0-\x7F]/u.test(read(file)))).toEqual([]);
  });

  test('imports files by string literals, which every tool that scans for import() reads', () => {
    const imports = bundles.flatMap((file) => read(file).match(/\bimport\([^)]*\)/gu) ?? []);

    expect(imports.length).toBeGreaterThan(5);
    expect(imports.filter((each) => !/^import\("[^"]+"\)$/u.test(each))).toEqual([]);
  });

  test('has lines that fit into a terminal, where Node prints the line of an uncaught error', () => {
    const longest = Math.max(...bundles.flatMap((file) => read(file).split('\n')).map((line) => line.length));

    expect(longest).toBeLessThan(5_000);
  });

  test('keeps the names of exported classes and functions', async () => {
    const script = `const exported = await import(${JSON.stringify(join(dist, 'index.js'))});
      console.log(JSON.stringify(Object.entries(exported).filter(([, value]) => typeof value === 'function').map(([key, { name }]) => [key, name])));`;
    const names = (await run(script)) as readonly (readonly [string, string])[];

    expect(names.length).toBeGreaterThan(30);
    expect(names.filter(([exported, name]) => exported !== name)).toEqual([]);
  });

  test('keeps the names of private methods, which stack traces show', () => {
    const sources = readdirSync(join(core, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(?<!\.test|\.fixture)\.ts$/u.test(file))
      .map((file) => readFileSync(join(core, 'src', file), 'utf8'))
      .join('\n');
    const methods = bundles.flatMap((file) =>
      [...read(file).matchAll(/^(?:async ?|get ?|set ?|static ?|\*)*(#[\w$]+)\(/gmu)].map(([, name]) => `${name}(`),
    );

    expect(methods.length).toBeGreaterThan(100);
    expect(
      methods.filter((method) => !sources.includes(method) && !sources.includes(method.replace('(', '<'))),
    ).toEqual([]);
  });
});
