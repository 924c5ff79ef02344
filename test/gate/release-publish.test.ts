import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { releaseNotes } from '../../scripts/release/notes.mjs';
import { publishAll, publishOrder, refusal } from '../../scripts/release/publish.mjs';
import { applyChangesets } from '../../scripts/version.mjs';

const packed = (name: string, depends: { dependencies?: object; peerDependencies?: object } = {}) => ({
  path: `/packed/${name}.tgz`,
  bytes: 0,
  files: [],
  manifest: { name, version: '0.1.0', ...depends } as { name: string; version: string },
});
const inWorkflow = { GITHUB_ACTIONS: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.com' };

describe('the versions of a release', () => {
  /** A workspace with one fixed group, in which the command has a peer, as in this repository. */
  async function workspace(bump: string): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'release-'));
    onTestFinished(() => rm(root, { recursive: true }));
    const write = async (path: string, content: unknown): Promise<void> => {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(
        join(root, path),
        typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`,
      );
    };
    const names = ['@kms-secrets/cli', '@kms-secrets/redis'];
    const peerDependencies = { '@kms-secrets/redis': 'workspace:^' };
    await write('package.json', { name: 'root', version: '0.0.0', private: true });
    await write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n');
    await write('pnpm-lock.yaml', "lockfileVersion: '9.0'\n");
    await write('packages/cli/package.json', { name: names[0], version: '0.3.0', peerDependencies });
    await write('packages/redis/package.json', { name: names[1], version: '0.3.0' });
    await write('.changeset/config.json', { changelog: '@changesets/cli/changelog', fixed: [names], access: 'public' });
    await write('.changeset/one.md', `---\n'@kms-secrets/redis': ${bump}\n---\n\nFaster.\n`);
    return root;
  }

  test.each([
    ['minor', '0.4.0'],
    ['major', '1.0.0'],
  ])('a changeset with %s releases all packages as %s', async (bump, version) => {
    const root = await workspace(bump);

    applyChangesets(root);

    const read = (path: string): Promise<string> => readFile(join(root, 'packages', path), 'utf8');
    expect(JSON.parse(await read('redis/package.json'))).toMatchObject({ version });
    expect(JSON.parse(await read('cli/package.json'))).toEqual({
      name: '@kms-secrets/cli',
      version,
      peerDependencies: { '@kms-secrets/redis': 'workspace:^' },
    });
    expect(await read('redis/CHANGELOG.md')).toContain(`## ${version}`);
    expect(await read('redis/CHANGELOG.md')).toContain('Faster.');
  });
});

describe('publishing', () => {
  const core = packed('core');
  const redis = packed('redis', { dependencies: { core: '^0.1.0', ioredis: '^6.0.0' } });
  const cli = packed('cli', { dependencies: { core: '^0.1.0' }, peerDependencies: { redis: '^0.1.0' } });

  test('starts with the packages that the others depend on', () => {
    expect(publishOrder([cli, redis, core])).toEqual([core, redis, cli]);
  });

  test('refuses packages that depend on each other', () => {
    const one = packed('one', { dependencies: { two: '^0.1.0' } });
    const two = packed('two', { dependencies: { one: '^0.1.0' } });

    expect(() => publishOrder([core, one, two])).toThrow('These packages depend on each other: one, two.');
  });

  test('refuses outside of the workflow, and with changesets that are not applied', () => {
    expect(refusal({}, [])).toContain('Run `pnpm release --dry-run` here.');
    expect(refusal({ GITHUB_ACTIONS: 'true' }, [])).toContain('publish.yml');
    expect(refusal(inWorkflow, ['one.md'])).toContain('one.md in .changeset/ must be applied first.');
    expect(refusal(inWorkflow, [])).toBeUndefined();
  });

  test('publishes with provenance what the registry does not have, and stops at a failure', () => {
    const commands: string[] = [];
    const problems = publishAll([core, redis, cli], (command) => {
      commands.push(command.join(' '));
      return command.includes('core@0.1.0');
    });

    expect(commands).toEqual([
      'npm view core@0.1.0 version',
      'npm view redis@0.1.0 version',
      'npm publish /packed/redis.tgz --access public --provenance',
    ]);
    expect(problems).toEqual(['redis@0.1.0 was not published, nor were the packages after it.']);
  });
});

test('the text of a release groups packages with the same changes, and leaves out older versions', () => {
  const dependencies = '### Patch Changes\n\n- Updated dependencies\n  - @kms-secrets/core@0.2.0\n';
  const both = '### Minor Changes\n\n- Both.\n';
  const changelogs = new Map([
    ['core', `# core\n\n## 0.2.0\n\n${both}\n## 0.1.0\n\n### Minor Changes\n\n- Old.\n`],
    ['redis', `# redis\n\n## 0.2.0\n\n${both}\n${dependencies}`],
    ['cli', `# cli\n\n## 0.2.0\n\n${dependencies}`],
    ['push', '# push\n\n## 0.2.0\n\n### Patch Changes\n\n- Push.\n'],
  ]);

  expect(releaseNotes('0.2.0', changelogs)).toBe(
    '## core, redis\n\n### Minor Changes\n\n- Both.\n\n## push\n\n### Patch Changes\n\n- Push.\n',
  );
});
