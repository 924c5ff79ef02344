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
export async function start(options) {
  return [...(await importRows(options)), ...(await firstSecretRows(options)), ...installedRows()];
}

/** @type {import('../bench.mjs').Group} */
async function importRows({ isQuick, log }) {
  const specifiers = ['@kms-secrets/core', 'node:https', '@alicloud/openapi-core', '@alicloud/kms20160120'];
  log(`imports in new processes: ${specifiers.join(', ')}`);
  // Resolved here, because the new process resolves packages relative to its own file.
  const targets = Object.fromEntries(specifiers.map((name) => [name, import.meta.resolve(name)]));
  /** @type {Record<string, number[]>} */
  const memory = Object.fromEntries(specifiers.map((name) => [name, []]));
  const ms = await inRounds(targets, isQuick ? 1 : 21, async (specifier, name) => {
    const cost = await run(importCost, { specifier });
    memory[name]?.push(cost.bytes / mebibyte);
    return cost.ms;
  });
  const [core = '', https = '', ...sdks] = specifiers;
  const coreMemory = median(memory[core] ?? []);
  const httpsMemory = median(memory[https] ?? []);
  return [
    row('import core vs node:https, ms', compare(ms, core, https), { atMost: 1.25 }),
    row('import core minus node:https, resident MiB', { ours: coreMemory - httpsMemory }, { within: 2 }),
    ...sdks.map((sdk) => row(`import core vs ${sdk}, ms`, compare(ms, core, sdk))),
    ...sdks.map((sdk) => row(`import core vs ${sdk}, resident MiB`, compare(memory, core, sdk))),
  ];
}

/** @type {import('../bench.mjs').Group} */
async function firstSecretRows({ isQuick, log }) {
  const contenders = ['ours', 'node:https', 'openapi-core', 'kms20160120'];
  log(`first secret over HTTPS in new processes: ${contenders.join(', ')}`);
  const kms = await startProcess(kmsProcess, {});
  // The fake KMS takes longer than the clients, and would hide their difference.
  const { lean } = kms.ready;
  const env = { NODE_EXTRA_CA_CERTS: lean.caFilePath };
  const ms = await inRounds(Object.fromEntries(contenders.map((name) => [name, name])), isQuick ? 1 : 21, (contender) =>
    run(firstSecret, { contender, kms: lean }, contender === 'kms20160120' ? { env } : {}),
  );
  return [
    row('first secret vs node:https, ms', compare(ms, 'ours', 'node:https'), { atMost: 1.6 }),
    row('first secret vs openapi-core, ms', compare(ms, 'ours', 'openapi-core')),
    row('first secret vs kms20160120, ms', compare(ms, 'ours', 'kms20160120')),
  ];
}

function installedRows() {
  const ours = installed('@kms-secrets/core');
  const sdk = installed('@alicloud/openapi-core');
  return [
    row(
      'packages installed vs @alicloud/openapi-core',
      { ours: ours.packages, reference: sdk.packages },
      { within: 15 },
    ),
    row(
      'MB installed vs @alicloud/openapi-core',
      { ours: ours.bytes / 1e6, reference: sdk.bytes / 1e6 },
      { within: 8 },
    ),
    row(
      'MB installed: core alone vs core and dependencies',
      { ours: ours.ownBytes / 1e6, reference: ours.bytes / 1e6 },
      { within: 0.45 },
    ),
  ];
}
