import { fileOf, perform, scenarios } from '@kms-secrets/testing/contracts';
import type { Scenario } from '@kms-secrets/testing/contracts';
import { describe, expect, test } from 'vitest';
import { apps } from './apps.ts';
import { conformanceTable } from './conformance-table.ts';
import { transports } from './transports.ts';

// Each app, and each transport, but not each with each: a client stands between them (docs/decisions/0009).
const [firstApp] = apps;
const [firstTransport, ...otherTransports] = transports;
const combinations = [
  ...apps.map((app) => ({ app, transport: firstTransport })),
  ...otherTransports.map((transport) => ({ app: firstApp, transport })),
].map((pair) => ({ title: `${pair.app.name} over ${pair.transport.name}`, ...pair }));
const kept = new Set<string>();

describe.each(combinations.map((each) => [each.title, each] as const))('%s', (title, { app, transport }) => {
  const expectKept = (scenario: Scenario): Promise<void> =>
    perform(scenario, { startApp: app.start, ...transport }, expect);

  // Its time is a fake, but its sockets are real, and a machine may be busy.
  test.each(scenarios.map((each) => [each.promise, each] as const))('%s', { timeout: 20_000 }, async (_, scenario) => {
    await expectKept(scenario);

    kept.add(`${title}: ${fileOf(scenario)}`);
  });
});

describe('docs/conformance.md', () => {
  test('says what was seen here; `pnpm exec vitest run -u --project conformance` writes it', async () => {
    const columns = combinations.map(({ title }) => title);
    const rows = scenarios.map((scenario) => ({
      promise: scenario.promise,
      file: fileOf(scenario),
      kept: columns.map((column) => kept.has(`${column}: ${fileOf(scenario)}`)),
    }));

    await expect(conformanceTable({ columns, rows })).toMatchFileSnapshot('../../docs/conformance.md');
  });
});
