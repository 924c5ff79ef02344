import type { Batching } from '../fetch/batching.ts';
import type { SecretMemory } from '../memory/memory.ts';
import type { PreloadOptions, ReadyOptions, ResolvedOptions } from '../options/options.ts';
import type { RunInContext } from '../ports/run-in-context.ts';
import { cacheKey } from '../secret/cache-key.ts';
import { subscription } from '../secret/events.ts';
import type { EmitterOptions, ListenOptions, Subscription } from '../secret/events.ts';
import { checkSecretName } from '../secret/secret-name.ts';
import { requestFor } from './read-request.ts';
import type { Preloader, PreloadLimits, PreloadSource } from './preload.ts';

export interface SubscriptionsParts {
  readonly options: Pick<ResolvedOptions, 'preload' | 'secrets' | 'stage'>;
  readonly inContext: RunInContext;
  readonly memory: SecretMemory;
  readonly preloader: Preloader;
  readonly batching: Batching;
  /** Throws if the client is closed. */
  readonly throwIfClosed: () => void;
}

/** Keeps secrets fresh for those who wait for them: handles, listeners of one secret and preloads. */
export class Subscriptions {
  readonly #parts: SubscriptionsParts;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
    const { preload, secrets } = parts.options;
    for (const name of preload) if (secrets.get(name)?.optional !== true) parts.memory.status.require(name);
  }

  /** `isFetched`: whether the secret is fetched soon if it is not in memory. */
  pin(key: string, { isFetched }: { readonly isFetched: boolean } = { isFetched: false }): Subscription {
    const { inContext, memory } = this.#parts;
    return subscription(inContext(() => memory.pin(key, { isFetched })));
  }

  /** The options of a listener. With a name, the listener pins its secret while it is added. */
  listenOptions(options: ListenOptions | undefined): EmitterOptions | undefined {
    const { name, stage, signal } = options ?? {};
    if (name === undefined) return options;
    checkSecretName(name);
    const { stage: defaultStage } = this.#parts.options;
    const request = requestFor(name, { stage }, defaultStage);
    const scope: EmitterOptions['scope'] = {
      accepts: (event) => event.name === name && event.stage === request.stage,
      start: () => this.pin(cacheKey(request, defaultStage), { isFetched: true }),
    };
    return { signal, scope };
  }

  /** Preloads the names of the option `preload`, which stay pinned. */
  ready({ timeout }: ReadyOptions, source: PreloadSource): Promise<void> {
    return this.#read(this.#parts.options.preload, { timeout }, source);
  }

  /** Pins the names and preloads them. */
  async preload(
    names: readonly string[],
    { timeout, optional = [] }: PreloadOptions,
    source: PreloadSource,
  ): Promise<Subscription> {
    for (const name of names) checkSecretName(name);
    const optionalNames = new Set(optional);
    const isOptional = (name: string): boolean => optionalNames.has(name);
    const releases: (() => void)[] = names.map((name) => this.pin(name));
    for (const name of names) if (!isOptional(name)) releases.push(this.#parts.memory.status.require(name));
    const release = (): void => {
      for (const releaseOne of releases) releaseOne();
    };
    try {
      await this.#read(names, { timeout, isOptional }, source);
      return subscription(release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async #read(names: readonly string[], limits: PreloadLimits, source: PreloadSource): Promise<void> {
    const { batching, inContext, preloader, throwIfClosed } = this.#parts;
    throwIfClosed();
    const preload = (): Promise<void> => preloader.preload(names, source, limits);
    await inContext(() => (names.length > 1 ? batching.during(preload) : preload()));
    throwIfClosed();
  }
}
