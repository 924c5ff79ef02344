import { describe, expect, test } from 'vitest';
import { licenseProblems } from '../../scripts/release/licenses.mjs';
import { bomProblems, installedOnly } from '../../scripts/release/sbom.mjs';

const component = (purl: string, id = 'MIT') => ({
  type: 'library',
  name: purl,
  version: '1.0.0',
  purl,
  'bom-ref': purl,
  licenses: [{ license: { id } }],
});
const redis = component('pkg:npm/%40kms-secrets/redis@0.1.0');
const core = component('pkg:npm/%40kms-secrets/core@0.1.0');
const [ini, sdk, moment] = ['ini', 'sdk', 'moment'].map((name) => component(`pkg:npm/${name}@1.0.0`)) as [
  typeof core,
  typeof core,
  typeof core,
];
const manifests = [
  { name: '@kms-secrets/redis', version: '0.1.0', dependencies: { '@kms-secrets/core': '^0.1.0' } },
  { name: '@kms-secrets/core', version: '0.1.0', dependencies: { ini: '^1.0.0' }, peerDependencies: { sdk: '^1.0.0' } },
] as const;
const bom = {
  metadata: { component: redis },
  components: [core, ini, sdk, moment],
  dependencies: [
    { ref: redis.purl, dependsOn: [core.purl] },
    { ref: core.purl, dependsOn: [ini.purl, sdk.purl] },
    { ref: sdk.purl, dependsOn: [moment.purl] },
  ],
};

describe('a bill of materials', () => {
  test('lists what an installation brings along, without optional peers and what they need', () => {
    const installed = installedOnly(bom, manifests);

    expect(installed.components).toEqual([core, ini]);
    expect(installed.dependencies).toEqual([
      { ref: redis.purl, dependsOn: [core.purl] },
      { ref: core.purl, dependsOn: [ini.purl] },
    ]);
    expect(bomProblems(installed, manifests[0])).toEqual([]);
  });

  test('fails when it differs from the manifest of the tarball', () => {
    const tarball = { name: '@kms-secrets/redis', version: '0.2.0', dependencies: { ini: '^1.0.0' } };

    expect(bomProblems({ ...bom, components: [core, ini, moment] }, tarball)).toEqual([
      'Bill of materials of @kms-secrets/redis: it describes pkg:npm/%40kms-secrets/redis@0.1.0.',
      'Bill of materials of @kms-secrets/redis: it lists @kms-secrets/core instead of ini.',
      'Bill of materials of @kms-secrets/redis: it does not describe pkg:npm/sdk@1.0.0.',
    ]);
  });
});

describe('the license check', () => {
  test('passes with permissive licenses', () => {
    expect(licenseProblems({ components: [ini, component('pkg:npm/a@1.0.0', 'Apache-2.0')] })).toEqual([]);
  });

  test.each([
    ['GPL-3.0-only', component('pkg:npm/a@1.0.0', 'GPL-3.0-only')],
    ['not declared', { ...ini, purl: 'pkg:npm/a@1.0.0', licenses: [] }],
    ['MIT OR SSPL-1.0', { ...ini, purl: 'pkg:npm/a@1.0.0', licenses: [{ expression: 'MIT OR SSPL-1.0' }] }],
  ])('fails with %s', (name, dependency) => {
    expect(licenseProblems({ components: [ini, dependency] })).toEqual([
      expect.stringContaining(`The license of pkg:npm/a@1.0.0 is ${name}; scripts/release/licenses.mjs allows `),
    ]);
  });
});
