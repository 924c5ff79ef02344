import { ClientClosedError, errorCode, errorName, isError, systemClock } from '@kms-secrets/core';
import type { Clock, SecretClient } from '@kms-secrets/core';
import { EventReceiver } from './event-receiver.ts';
import type { EventCounts } from './event-receiver.ts';
import { MnsError, MnsQueue } from './mns-queue.ts';
import type { QueueMessage } from './mns-queue.ts';
import { Pauses } from './pauses.ts';
import { checkQueueOptions, missingCredentials } from './queue-options.ts';
import type { RotationQueueOptions } from './queue-options.ts';
import { Report } from './report.ts';

/** Counters since the queue was created. */
export interface QueueStats {
  /** Messages, by what became of them. */
  readonly events: EventCounts;
  /** Consecutive requests to MNS that failed; 0 if the last one succeeded. */
  readonly failures: number;
}

/** Polls a queue until it is closed, or its client is. */
export interface RotationQueue {
  stats(): QueueStats;
  /** Resolves when the last request has ended. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The delay after the first failure (ms). It doubles up to the maximum, with full jitter. */
const initialBackoff = 1_000;
const maxBackoff = 60_000;

/** Removals in flight. Each has a listener on the signal of the queue, which warns of more than ten. */
const maxRemovals = 8;

/** MNS responds at once, without waiting, where too many processes poll: the least time for an empty response (ms). */
const minEmptyWait = 1_000;

/**
 * Receives events about rotations from a queue of MNS, by long polling: for services that cannot be reached from outside. EventBridge
 * and CloudMonitor can both send to a queue. An event causes nothing but the refresh of a secret that is in memory, at most once a second
 * for each secret.
 *
 * A message reaches one of the processes that poll the queue. The others get the new version from a store that they share, such as
 * `@kms-secrets/redis`.
 *
 * Throws `ConfigurationError`, which lists all mistakes, and `ClientClosedError`.
 */
export function rotationQueue(client: SecretClient, options: RotationQueueOptions): RotationQueue {
  checkQueueOptions(client, options);
  if (client.isClosed) throw new ClientClosedError();
  const { credentials = client.credentials, fetch = globalThis.fetch, clock = systemClock } = options;
  if (credentials === undefined) throw missingCredentials();
  const { endpoint, queue, accounts, regions, onRotationFailed, logger, waitSeconds = 30 } = options;
  const report = new Report({ logger, clock });
  const poller = new QueuePoller({
    clock,
    report,
    waitSeconds,
    name: queue,
    queue: new MnsQueue({ endpoint, queue, credentials, fetch, clock }),
    events: new EventReceiver({
      client,
      clock,
      report,
      accounts: accounts && new Set(accounts),
      regions: regions && new Set(regions),
      onRotationFailed,
    }),
  });
  const stop = (): void => poller.stop();
  client.closing.addEventListener('abort', stop, { once: true });
  const ended = poller.run();
  const close = (): Promise<void> => {
    client.closing.removeEventListener('abort', stop);
    stop();
    return ended;
  };
  return { stats: () => poller.stats(), close, [Symbol.asyncDispose]: close };
}

interface QueuePollerParts {
  readonly queue: MnsQueue;
  /** For log lines. */
  readonly name: string;
  readonly events: EventReceiver;
  readonly clock: Clock;
  readonly report: Report;
  readonly waitSeconds: number;
}

/** Receives one message after the other. */
class QueuePoller {
  readonly #parts: QueuePollerParts;
  readonly #stopping = new AbortController();
  readonly #pauses: Pauses;
  readonly #removals = new Set<Promise<void>>();
  #failures = 0;

  constructor(parts: QueuePollerParts) {
    this.#parts = parts;
    this.#pauses = new Pauses({ clock: parts.clock, signal: this.#stopping.signal });
  }

  stop(): void {
    this.#stopping.abort(new ClientClosedError());
  }

  stats(): QueueStats {
    return { events: this.#parts.events.counts(), failures: this.#failures };
  }

  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!this.#isStopped()) {
      try {
        await this.#poll(signal);
        this.#succeeded();
      } catch (error) {
        if (!this.#isStopped()) await this.#failed(error);
      }
    }
    await Promise.all(this.#removals);
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { queue, clock, waitSeconds, events } = this.#parts;
    const startedAt = clock.now();
    const message = await queue.receive(waitSeconds, signal);
    if (message === undefined) {
      const rest = minEmptyWait - (clock.now() - startedAt);
      if (rest > 0) await this.#pauses.pause(rest);
      return;
    }
    events.receive(bytesOf(message));
    if (this.#removals.size >= maxRemovals) await Promise.race(this.#removals);
    if (!this.#isStopped()) this.#remove(message, signal);
  }

  /** Also what is no event: it would come back again and again. The next message is received in the meantime. */
  #remove(message: QueueMessage, signal: AbortSignal): void {
    const { queue, report, name } = this.#parts;
    const removal: Promise<void> = queue
      .remove(message, signal)
      .catch((error: unknown) => {
        if (this.#isStopped()) return;
        report.limited('warn', `A message of queue "${name}" cannot be removed: ${reasonOf(error)} It will come back.`);
      })
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#parts.report.log('info', `Queue "${this.#parts.name}" can be read again.`);
    this.#failures = 0;
  }

  async #failed(error: unknown): Promise<void> {
    const { clock, report, name } = this.#parts;
    this.#failures += 1;
    const text = `Queue "${name}" cannot be read: ${reasonOf(error)} Rotations are noticed when secrets are refreshed. The request is retried.`;
    report.limited('warn', text);
    const longest = Math.min(maxBackoff, initialBackoff * 2 ** (this.#failures - 1));
    await this.#pauses.pause(clock.random() * longest);
  }
}

/** Not the message of a foreign error, which may contain a URL with a signature or a key. */
function reasonOf(error: unknown): string {
  if (error instanceof MnsError) return `${error.message}${advice(error.code)}`;
  const code = errorCode(isError(error) ? (error.cause ?? error) : error);
  return `${code ?? errorName(error) ?? 'Error'}.`;
}

function advice(code: string | undefined): string {
  if (code === 'QueueNotExist') return ' Check the options endpoint and queue.';
  return code === 'AccessDenied' ? ' Grant mns:ReceiveMessage and mns:DeleteMessage.' : '';
}

/** EventBridge and CloudMonitor may encode the body in base64. */
function bytesOf({ body }: QueueMessage): Uint8Array {
  const text = body.trim();
  return Buffer.from(text, text.startsWith('{') ? 'utf8' : 'base64');
}
