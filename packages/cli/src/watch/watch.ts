import type { Clock, SecretClient } from '@kms-secrets/core/internal';
import { describeDuration } from '@kms-secrets/core/internal';
import { write } from '../host.ts';
import type { OutputStream } from '../host.ts';
import { reportEvents } from './event-lines.ts';
import { Screen } from './screen.ts';
import { plain, tableLines } from './table.ts';
import type { Observed } from './table.ts';

export interface WatchOptions {
  readonly client: SecretClient;
  readonly names: readonly string[];
  readonly stdout: OutputStream;
  readonly clock: Clock;
  /** Ends the watch. */
  readonly stop: AbortSignal;
  /** The time between two drawings of the table (ms). */
  readonly interval: number;
}

const defaultSize = { columns: 80, rows: 24 };
/** The period of a timer that only keeps the process alive (ms). */
const keepAlivePeriod = 3_600_000;

/**
 * Shows secrets until `stop` aborts: as a table at a terminal, as a line for each event elsewhere. Rejects with the error of the stream
 * if the terminal or the reader goes away.
 */
export async function watchSecrets(options: WatchOptions): Promise<void> {
  const { client, names } = options;
  for (const name of names) client.pin(name);
  // The table and the lines report failures.
  const reads = names.map((name) => client.get(name).catch((error: unknown) => error));
  await (options.stdout.isTTY === true ? drawTable(options) : writeLines(options, reads));
}

async function drawTable({ client, stdout, clock, stop, interval }: WatchOptions): Promise<void> {
  const observed = new Map<string, Observed>();
  const stopCounting = client.on('rotated', ({ name }) => {
    observed.set(name, { rotations: (observed.get(name)?.rotations ?? 0) + 1 });
  });
  const screen = new Screen(stdout);
  const draw = (): Promise<void> => {
    // A terminal without a size reports 0.
    const columns = stdout.columns || defaultSize.columns;
    const rows = stdout.rows || defaultSize.rows;
    return screen.draw(tableLines(client.describe(), observed, { columns, rows }));
  };
  try {
    while (!stop.aborted) {
      await draw();
      await pause(clock, interval, stop);
    }
    await screen.close();
  } finally {
    stopCounting();
  }
}

/** Writes the lines in their order. */
async function writeLines(
  { client, stdout, clock, stop }: WatchOptions,
  reads: readonly Promise<unknown>[],
): Promise<void> {
  const broken = new AbortController();
  let last: Promise<void> = Promise.resolve();
  const report = (line: string): void => {
    const text = `${new Date(clock.date()).toISOString()} ${line}\n`;
    last = last.then(() => write(stdout, text));
    last.catch((error: unknown) => broken.abort(error));
  };
  const stopReporting = reportEvents(client, report);
  try {
    void Promise.all(reads).then(() => {
      for (const line of firstLines(client)) report(line);
    });
    await ended(clock, AbortSignal.any([stop, broken.signal]));
    await last;
  } finally {
    stopReporting();
  }
}

/** A line for each secret after its first read. A failed read has a line of its own. */
function firstLines(client: SecretClient): readonly string[] {
  return client.describe().secrets.flatMap(({ name, versionId, freshness, nextRefreshIn }) => {
    if (versionId === undefined) return [];
    const refresh = nextRefreshIn === undefined ? '' : `, next refresh in ${describeDuration(nextRefreshIn)}`;
    return [plain(`${name} has version ${versionId}, ${freshness}${refresh}`)];
  });
}

/** Waits until `signal` aborts. Keeps the process alive, because neither the client nor a listener for signals does. */
async function ended(clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await pause(clock, keepAlivePeriod, signal);
}

/** Waits, at most until `stop` aborts. */
function pause(clock: Clock, ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      stop.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.setTimer(ms, end);
    stop.addEventListener('abort', end);
  });
}
