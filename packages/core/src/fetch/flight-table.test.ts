import { expect, test } from 'vitest';
import { cacheKey } from '../secret/cache-key.ts';
import { heapUsed } from '../secret/heap-used.fixture.ts';
import type { Flight } from './flight.ts';
import { FlightTable } from './flight-table.ts';

/** The table does not look into flights. */
const flight = {} as Flight;

test('returns the flight of a key until it is removed', () => {
  const flights = new FlightTable();
  flights.set('db', flight);
  flights.set('api', flight);

  flights.set('db', undefined);

  expect(flights.get('db')).toBeUndefined();
  expect(flights.get('api')).toBe(flight);
  expect(flights.keysOf('db')).toEqual([]);
  expect(flights.keysOf('api')).toEqual(['api']);
  expect(flights.size).toBe(1);
});

test('counts a flight that replaces another one once', () => {
  const flights = new FlightTable();
  flights.set('db', flight);
  flights.set('db', {} as Flight);
  flights.set('gone', undefined);

  expect(flights.size).toBe(1);
});

test('keeps the flights in progress while a thousand others end', () => {
  const flights = new FlightTable();
  flights.set('db', flight);
  for (let count = 0; count < 1_000; count += 1) {
    flights.set(`name-${count}`, flight);
    flights.set(`name-${count}`, undefined);
  }

  expect(flights.get('db')).toBe(flight);
  expect(flights.size).toBe(1);
  expect(flights.keysRelatedTo('db')).toEqual(['db']);
  expect(flights.keysRelatedTo('name-1')).toEqual([]);
});

test('needs no memory for the names of flights that have ended', () => {
  const flights = new FlightTable();
  const before = heapUsed();

  for (let count = 0; count < 50_000; count += 1) {
    const key = cacheKey({ name: `name-${count}`, stage: 'ACSPrevious' }, 'ACSCurrent');
    flights.set(key, flight);
    flights.set(key, undefined);
  }

  expect(heapUsed() - before).toBeLessThan(5_000_000);
  expect(flights.size).toBe(0);
});
