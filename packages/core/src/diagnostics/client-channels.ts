import type { Channel, TracingChannel } from 'node:diagnostics_channel';
import { builtinModule } from '../platform/builtin-module.ts';
import { isFetchFailure } from '../ports/transport.ts';
import type { AnySecretError, Attempt } from '../secret/errors.ts';
import type { EventChannels, SecretEventName, SecretEvents } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { FetchMessage, FetchResult } from '../secret/channel-messages.ts';
import type { ClientMonitor } from '../secret/monitor.ts';

/** The part of a flight that is published. */
interface TracedFetch {
  readonly request: SecretRequest;
  readonly priority: { readonly level: FetchMessage['purpose'] };
  readonly attempts: readonly Attempt[];
  /** The endpoint that returned the secret. */
  readonly endpoint: { readonly name: string } | undefined;
}

// Kept here, because Node forgets a channel that nothing refers to.
const channels = new Map<string, Channel>();
let fetchChannel: TracingChannel<object, FetchMessage> | undefined;

/**
 * Publishes what a client does on the channels of `node:diagnostics_channel`. Without a subscriber, no message is built. Messages
 * contain names of secrets, and never a value.
 */
export class ClientChannels implements EventChannels {
  readonly #now: () => number;
  #monitor: ClientMonitor | undefined;
  readonly #fetches: TracingChannel<object, FetchMessage>;

  constructor(now: () => number) {
    this.#now = now;
    fetchChannel ??= builtinModule('node:diagnostics_channel').tracingChannel<object, FetchMessage>(
      'kms-secrets:fetch',
    );
    this.#fetches = fetchChannel;
  }

  /** Before this call, nothing is published. */
  created(monitor: ClientMonitor, closing: AbortSignal): void {
    this.#monitor = monitor;
    this.#publish('created', {});
    closing.addEventListener('abort', () => this.#publish('closed', {}), { once: true });
  }

  hasSubscriber(name: SecretEventName): boolean {
    return channelOf(name).hasSubscribers;
  }

  publish(name: SecretEventName, event: SecretEvents[SecretEventName]): void {
    this.#publish(name, event);
  }

  /** Whether anything subscribes to fetches. */
  get isTracing(): boolean {
    return this.#fetches.hasSubscribers;
  }

  /** Traces `run`, which starts when `start` settles. Resolves as `run` does, after the messages were published. */
  async trace(fetch: TracedFetch, start: Promise<unknown>, run: () => Promise<Secret>): Promise<Secret> {
    // In a later microtask, when other reads can join the fetch: a subscriber may read the same secret.
    await start.catch(() => {});
    const client = this.#monitor;
    if (client === undefined) return run();
    const { name, stage, versionId } = fetch.request;
    const message: FetchMessage = { client, name, stage, versionId, purpose: fetch.priority.level };
    const startedAt = this.#now();
    const settled = (): void => {
      message.duration = this.#now() - startedAt;
      message.attempts = [...fetch.attempts];
    };
    let secret: Promise<Secret> | undefined;
    const fetchWithoutValue = (): Promise<FetchResult> => {
      secret = run();
      return secret.finally(settled).then(
        (found) => succeeded(message, fetch, found),
        (error) => failed(message, fetch, error),
      );
    };
    await this.#fetches.tracePromise(fetchWithoutValue, message).catch(() => {});
    return secret ?? run();
  }

  #publish(name: string, event: object): void {
    const channel = channelOf(name);
    if (!channel.hasSubscribers || this.#monitor === undefined) return;
    const { secret: _, ...message }: { readonly secret?: unknown } = event;
    channel.publish({ ...message, client: this.#monitor });
  }
}

function channelOf(name: string): Channel {
  let channel = channels.get(name);
  if (channel === undefined) {
    channel = builtinModule('node:diagnostics_channel').channel(`kms-secrets:${name}`);
    channels.set(name, channel);
  }
  return channel;
}

function succeeded(message: FetchMessage, { endpoint }: TracedFetch, { versionId }: Secret): FetchResult {
  message.endpoint = endpoint?.name;
  return { versionId, source: endpoint === undefined ? 'store' : 'kms' };
}

function failed(message: FetchMessage, { attempts }: TracedFetch, error: AnySecretError): never {
  const { cause } = error;
  message.endpoint = attempts.at(-1)?.endpoint;
  if (isFetchFailure(cause)) {
    message.failure = cause.failure;
    message.status = cause.status;
  }
  throw error;
}
