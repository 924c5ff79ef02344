// @ts-check
import { compare, inRounds, median } from '../measure.mjs';
import { run, start as startProcess } from '../../support/processes.mjs';
import { row } from '../report.mjs';
import { installed } from './installed.mjs';

const importCost = new URL('import-cost.mjs', import.meta.url);
const firstSecret = new URL('first-secret.mjs', import.meta.url);
const kmsProcess = new URL('../kms.mjs', import.meta.url);
const mebibyte = 1_048_576;

/** @type {import('../bench.mjs').Group} */
export async function start(choice) {
  return [...(await importRows(choice)), ...(await firstSecretRows(choice)), ...installedRows()];
}

/** @type {import('../bench.mjs').Group} */
async function importRows({ isQuick, say }) {
  const specifiers = ['@kms-secrets/core', 'node:https', '@alicloud/openapi-core', '@alicloud/kms20160120'];
  say(`imports in new processes: ${specifiers.join(', ')}`);
  // Resolved here: a new process finds packages from where its own file lies.
  const targets = Object.fromEntries(specifiers.map((name) => [name, import.meta.resolve(name)]));
  /** @type {Record<string, number[]>} */
  const memory = Object.fromEntries(specifiers.map((name) => [name, []]));
  const ms = await inRounds(targets, isQuick ? 1 : 21, async (specifier, name) => {
    const cost = await run(importCost, { specifier });
    memory[name]?.push(cost.bytes / mebibyte);
    return cost.ms;
  });
  const [core = '', https = '', ...sdks] = specifiers;
  const ours = median(memory[core] ?? []);
  const bare = median(memory[https] ?? []);
  return [
    row('import core beside node:https, ms', compare(ms, core, https), { atMost: 1.6 }),
    row('import core: resident memory over node:https, MiB', { ours: ours - bare }, { within: 2 }),
    ...sdks.map((sdk) => row(`import core beside ${sdk}, ms`, compare(ms, core, sdk))),
    ...sdks.map((sdk) => row(`import core beside ${sdk}, resident MiB`, compare(memory, core, sdk))),
  ];
}

/** @type {import('../bench.mjs').Group} */
async function firstSecretRows({ isQuick, say }) {
  const ways = ['ours', 'node:https', 'openapi-core', 'kms20160120'];
  say(`first secret over HTTPS in new processes: ${ways.join(', ')}`);
  const kms = await startProcess(kmsProcess, {});
  const env = { NODE_EXTRA_CA_CERTS: kms.ready.caFilePath };
  const ms = await inRounds(Object.fromEntries(ways.map((way) => [way, way])), isQuick ? 1 : 21, (way) =>
    run(firstSecret, { way, kms: kms.ready }, way === 'kms20160120' ? { env } : {}),
  );
  return [
    row('first secret beside bare node:https, ms', compare(ms, 'ours', 'node:https'), { atMost: 1.25 }),
    row('first secret beside openapi-core, ms', compare(ms, 'ours', 'openapi-core')),
    row('first secret beside kms20160120, ms', compare(ms, 'ours', 'kms20160120')),
  ];
}

function installedRows() {
  const ours = installed('@kms-secrets/core');
  const sdk = installed('@alicloud/openapi-core');
  return [
    row(
      'packages installed beside @alicloud/openapi-core',
      { ours: ours.packages, reference: sdk.packages },
      { within: 15 },
    ),
    row(
      'MB installed beside @alicloud/openapi-core',
      { ours: ours.bytes / 1e6, reference: sdk.bytes / 1e6 },
      { within: 8 },
    ),
    row(
      'MB installed that are our own code',
      { ours: ours.ownBytes / 1e6, reference: ours.bytes / 1e6 },
      { within: 0.5 },
    ),
  ];
}
