import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { bunBinary, denoBinary, nodeBinary } from './support/binaries.ts';
import { identities, startCloud } from './support/cloud.ts';
import type { Cloud } from './support/cloud.ts';
import { expectReads, runReader } from './support/reader.ts';
import type { ReaderProgram } from './support/reader.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const esbuild = '0.28.2';
let cloud: Cloud;
let project: UsersProject;
beforeAll(async () => {
  cloud = await startCloud();
  project = await usersProject('node-versions', {
    dependencies: { esbuild },
    files: join(import.meta.dirname, 'fixtures/reader'),
  });
});
afterAll(() => cloud[Symbol.asyncDispose]());

type Loading = 'import' | 'require';
const fileOf: Readonly<Record<Loading, string>> = { import: 'reader.mjs', require: 'reader.cjs' };

function expectRuntimeReads(command: string, args: readonly string[], loading: Loading): Promise<void> {
  return expectProgramReads({ command, args: [...args, join(project.directory, fileOf[loading])] });
}

async function expectProgramReads(program: ReaderProgram): Promise<void> {
  await Promise.all([
    ...identities.map((identity) => expectReads(cloud, identity, program)),
    expectReads(cloud, 'access key', { ...program, withFileStore: true }),
    expectReads(cloud, 'RAM role', { ...program, throughProxy: true }),
  ]);
}

for (const version of ['20.19.6', '22.12.0', '22.23.3', '24.21.0', '26.10.0'])
  for (const loading of ['import', 'require'] as const)
    supports({ area: 'Node.js', setting: `Node.js ${version}, ${loading}`, versions: `Node.js ${version}` }, async () =>
      expectRuntimeReads(await nodeBinary(version), [], loading),
    );

supports({ area: 'Node.js', setting: 'Node.js 20.11.0, import', versions: 'Node.js 20.11.0' }, async () =>
  expectRuntimeReads(await nodeBinary('20.11.0'), [], 'import'),
);

supports(
  {
    area: 'Node.js',
    setting: 'Node.js 20.11.0, require',
    versions: 'Node.js 20.11.0',
    remark:
      'fails with `ERR_REQUIRE_ESM` and what to do: use `import`, `await import()` or a bundle, or update to 20.19',
  },
  async () => {
    const program = { command: await nodeBinary('20.11.0'), args: [join(project.directory, fileOf.require)] };

    const { code, output } = await runReader(cloud, 'access key', program);

    expect(code).toBe(1);
    expect(output).toContain(
      'require() of @kms-secrets/core needs Node.js 20.19, 22.12 or newer; this is Node.js 20.11.0. ' +
        'Use import or await import(), bundle the app, or update Node.js.',
    );
  },
);

supports(
  { area: 'Node.js', setting: 'Node.js 20.11.0, a bundle', versions: `Node.js 20.11.0, esbuild ${esbuild}` },
  async () => {
    const options = ['reader.cjs', '--bundle', '--platform=node', '--outfile=bundle.cjs'];
    await project.run('node_modules/.bin/esbuild', options);

    await expectProgramReads({
      command: await nodeBinary('20.11.0'),
      args: [join(project.directory, 'bundle.cjs')],
    });
  },
);

const reported = 'works; reported, not promised';
const bun = '1.4.5';
const deno = '2.9.6';
for (const loading of ['import', 'require'] as const) {
  supports({ area: 'Node.js', setting: `Bun, ${loading}`, versions: `Bun ${bun}`, remark: reported }, async () =>
    expectRuntimeReads(await bunBinary(bun), ['run'], loading),
  );

  supports({ area: 'Node.js', setting: `Deno, ${loading}`, versions: `Deno ${deno}`, remark: reported }, async () =>
    expectRuntimeReads(await denoBinary(deno), ['run', '--allow-all'], loading),
  );
}
