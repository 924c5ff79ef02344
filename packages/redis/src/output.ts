import type { RedisClient } from './redis-client.ts';

interface Corkable {
  cork(): void;
  uncork(): void;
}

/**
 * Sends the commands of one turn of the event loop together: 64 responses that arrive together are often followed by 64 commands, and
 * a system call for each of them takes longer than everything else.
 */
export class Output {
  #held: Corkable | undefined;

  /** Collects what the client writes until the current callbacks and microtasks have run. Does nothing on a cluster. */
  holdBack(client: RedisClient): void {
    const stream: unknown = Reflect.get(client, 'stream');
    if (!isCorkable(stream) || stream === this.#held) return;
    // A client that has connected again meanwhile has another stream.
    this.#held = stream;
    stream.cork();
    process.nextTick(() => {
      stream.uncork();
      if (this.#held === stream) this.#held = undefined;
    });
  }
}

function isCorkable(stream: unknown): stream is Corkable {
  if (typeof stream !== 'object' || stream === null) return false;
  return typeof Reflect.get(stream, 'cork') === 'function' && typeof Reflect.get(stream, 'uncork') === 'function';
}
