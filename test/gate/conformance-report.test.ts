import { expect, test } from 'vitest';
import { conformanceTable } from '../support/conformance-report.ts';
import type { Played } from '../support/conformance-report.ts';

const apps = ['express-api', 'nest-api'];

/** One promise, played by every app over two transports. */
function played(isKept: (app: string, transport: string) => boolean = () => true): Played[] {
  return apps.flatMap((app) =>
    ['openapi', 'instance'].map((transport) => ({
      app,
      transport,
      promise: 'It is kept',
      file: 'it-is-kept.ts',
      isKept: isKept(app, transport),
    })),
  );
}

const rowsOf = (table: string | undefined): string[] => table?.split('\n').filter((line) => line.startsWith('|')) ?? [];

test('the table has a row for each promise and a column for each app, and says how many plays there were', () => {
  const table = conformanceTable(played(), apps);

  expect(rowsOf(table)).toEqual([
    '| promise                                                       | express-api | nest-api |',
    '| ------------------------------------------------------------- | ----------- | -------- |',
    '| [It is kept](../packages/testing/src/scenarios/it-is-kept.ts) | kept        | kept     |',
  ]);
  expect(table).toContain('4 plays');
});

test('what one app breaks over one transport is told where it is', () => {
  const table = conformanceTable(
    played((app, transport) => app !== 'nest-api' || transport !== 'instance'),
    apps,
  );

  expect(rowsOf(table).at(-1)).toMatch(/\| kept +\| broken over instance \|$/u);
});

test('of a run in which something was left out there is no table', () => {
  expect(conformanceTable([], apps)).toBe(undefined);
  expect(conformanceTable(played().slice(1), apps)).toBe(undefined);
  expect(conformanceTable(played(), [...apps, 'next-web'])).toBe(undefined);
});
