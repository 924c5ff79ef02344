import { expect, test } from 'vitest';
import { conformanceTable } from '../support/conformance-report.ts';
import type { ScenarioRun } from '../support/conformance-report.ts';

const apps = ['express-api', 'nest-api'];

/** One scenario, run with every app over two transports. */
function runs(isKept: (app: string, transport: string) => boolean = () => true): ScenarioRun[] {
  return apps.flatMap((app) =>
    ['openapi', 'instance'].map((transport) => ({
      app,
      transport,
      promise: 'A promise is kept',
      file: 'reading/a-promise.ts',
      isKept: isKept(app, transport),
    })),
  );
}

const rowsOf = (table: string | undefined): string[] => table?.split('\n').filter((line) => line.startsWith('|')) ?? [];

test('the table has a row per promise, a column per app, and the number of runs', () => {
  const table = conformanceTable(runs(), apps);

  expect(rowsOf(table)).toEqual([
    '| promise                                                                     | express-api | nest-api |',
    '| --------------------------------------------------------------------------- | ----------- | -------- |',
    '| [A promise is kept](../packages/testing/src/scenarios/reading/a-promise.ts) | kept        | kept     |',
  ]);
  expect(table).toContain('4 runs');
});

test('a broken promise is listed with its app and transport', () => {
  const table = conformanceTable(
    runs((app, transport) => app !== 'nest-api' || transport !== 'instance'),
    apps,
  );

  expect(rowsOf(table).at(-1)).toMatch(/\| kept +\| broken over instance \|$/u);
});

test('a partial run has no table', () => {
  expect(conformanceTable([], apps)).toBe(undefined);
  expect(conformanceTable(runs().slice(1), apps)).toBe(undefined);
  expect(conformanceTable(runs(), [...apps, 'next-web'])).toBe(undefined);
});
