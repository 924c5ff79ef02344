import { randomUUID } from 'node:crypto';

export interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  /** Changes each time the message is received. */
  readonly receipt: string;
  /** How often it was received. */
  readonly dequeueCount: number;
}

interface Waiter {
  readonly deliver: (message: QueuedMessage) => void;
}

/** A queue of a fake MNS, in memory. */
export class FakeQueue {
  readonly #visibilityTimeout: number;
  readonly #visible: QueuedMessage[] = [];
  /** Received and not removed, by receipt, with the timers that make them visible again. */
  readonly #hidden = new Map<string, NodeJS.Timeout>();
  readonly #waiters = new Set<Waiter>();

  constructor({ visibilityTimeout }: { readonly visibilityTimeout: number }) {
    this.#visibilityTimeout = visibilityTimeout;
  }

  /** Messages that are not removed. */
  get size(): number {
    return this.#visible.length + this.#hidden.size;
  }

  send(body: string): QueuedMessage {
    const message: QueuedMessage = { id: randomUUID(), body, receipt: '', dequeueCount: 0 };
    this.#add(message);
    return message;
  }

  /** Waits up to `ms` for a message. */
  receive(ms: number, signal: AbortSignal): Promise<QueuedMessage | undefined> {
    const message = this.#visible.shift();
    if (message !== undefined) return Promise.resolve(this.#hide(message));
    if (ms === 0 || signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const end = (received: QueuedMessage | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        this.#waiters.delete(waiter);
        resolve(received);
      };
      const stop = (): void => end(undefined);
      const waiter: Waiter = { deliver: (delivered) => end(this.#hide(delivered)) };
      const timer = setTimeout(stop, ms);
      signal.addEventListener('abort', stop);
      this.#waiters.add(waiter);
    });
  }

  /** Whether the receipt was valid. */
  remove(receipt: string): boolean {
    const timer = this.#hidden.get(receipt);
    clearTimeout(timer);
    return this.#hidden.delete(receipt);
  }

  #add(message: QueuedMessage): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) this.#visible.push(message);
    else waiter.deliver(message);
  }

  #hide(message: QueuedMessage): QueuedMessage {
    const received = { ...message, receipt: randomUUID(), dequeueCount: message.dequeueCount + 1 };
    const timer = setTimeout(() => {
      this.#hidden.delete(received.receipt);
      this.#add(received);
    }, this.#visibilityTimeout);
    timer.unref();
    this.#hidden.set(received.receipt, timer);
    return received;
  }
}
