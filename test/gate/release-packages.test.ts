import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentProblems } from '../../scripts/release/contents.mjs';
import { manifestProblems } from '../../scripts/release/manifest.mjs';

const packages = join(import.meta.dirname, '../../packages');
const manifestOf = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')) as Record<string, unknown>;

describe('the manifest of', () => {
  test.each(readdirSync(packages))('%s has all fields of a published package', (folder) => {
    expect(manifestProblems(manifestOf(folder), folder)).toEqual([]);
  });

  test('a package without them is reported, field by field', () => {
    const { repository, engines, ...others } = manifestOf('core');

    expect(repository).toBeDefined();
    expect(engines).toBeDefined();
    expect(
      manifestProblems({ ...others, license: 'MIT', keywords: [], publishConfig: {}, private: true }, 'core'),
    ).toEqual([
      'package.json of core: license must be "Apache-2.0", but is "MIT".',
      expect.stringContaining('repository must be {"type":"git"'),
      'package.json of core: publishConfig.access must be "public".',
      'package.json of core: publishConfig.provenance must be true.',
      'package.json of core: keywords must contain "alibaba-cloud" and "kms".',
      'package.json of core: engines.node is missing.',
      'package.json of core: private must not be set.',
    ]);
  });
});

describe('a tarball', () => {
  const file = (path: string, text = '') => ({ path, content: Buffer.from(text) });
  const manifest = { name: '@kms-secrets/a', version: '0.1.0', files: ['dist', 'alerts.yaml'] };
  const files = ['LICENSE', 'README.md', 'README.zh-CN.md', 'alerts.yaml', 'dist/index.js', 'package.json'].map(
    (path) => file(path),
  );
  const release = { version: '0.1.0', folders: ['/home/build'] };

  test('passes with its files and released versions', () => {
    const dependencies = { '@kms-secrets/core': '^0.1.0', yaml: '^2.9.1' };

    expect(contentProblems({ manifest: { ...manifest, dependencies }, files }, release)).toEqual([]);
  });

  test('fails without README and LICENSE', () => {
    expect(contentProblems({ manifest, files: files.slice(2) }, release)).toEqual([
      '@kms-secrets/a: README.md is missing.',
      '@kms-secrets/a: LICENSE is missing.',
    ]);
  });

  test('fails with sources, tests, build information and paths of the build machine', () => {
    const unwanted = ['dist/.tsbuildinfo', 'dist/a.test.js', 'notes.txt', 'src/index.ts'].map((path) => file(path));
    const leaking = file('dist/b.js', 'load("/home/build/packages/a")');

    expect(contentProblems({ manifest, files: [...files, ...unwanted, leaking] }, release)).toEqual([
      '@kms-secrets/a: dist/.tsbuildinfo must not be published.',
      '@kms-secrets/a: dist/a.test.js must not be published.',
      '@kms-secrets/a: notes.txt must not be published.',
      '@kms-secrets/a: src/index.ts must not be published.',
      '@kms-secrets/a: dist/b.js contains a path of the machine that built it.',
    ]);
  });

  test('fails with another version, or dependencies that only this workspace can resolve', () => {
    const dependencies = { '@kms-secrets/core': 'workspace:^', zod: 'catalog:' };
    const peerDependencies = { '@kms-secrets/redis': '^0.0.0' };
    const wrong = { ...manifest, version: '1.0.0', dependencies, peerDependencies };

    expect(contentProblems({ manifest: wrong, files }, release)).toEqual([
      '@kms-secrets/a: the range of @kms-secrets/core is workspace:^.',
      '@kms-secrets/a: the range of zod is catalog:.',
      '@kms-secrets/a: the range of @kms-secrets/redis is ^0.0.0 instead of ^0.1.0.',
      '@kms-secrets/a: its version is 1.0.0 instead of 0.1.0.',
    ]);
  });
});
