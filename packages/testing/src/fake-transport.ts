import { FetchFailure, Secret } from '@kms-secrets/core';
import type { Clock, FailureName, SecretFields, SecretRequest, SecretTransport } from '@kms-secrets/core';

type Answer = Partial<SecretFields> | FailureName | 'hang' | Error;

/**
 * A `SecretTransport` without a wire: what one endpoint answers, name by name.
 *
 * It answers with the last thing that was set, as often as it is asked, and counts what it was asked.
 */
export class FakeTransport implements SecretTransport {
  readonly endpoint: string;
  /** Every request, in the order in which they came. */
  readonly requests: SecretRequest[] = [];
  readonly #answers = new Map<string, Answer>();
  #always: Answer | undefined;
  #delay: { readonly ms: number; readonly clock: Clock } | undefined;
  #cancelled = 0;
  #isClosed = false;

  constructor(endpoint = 'kms.example') {
    this.endpoint = endpoint;
  }

  /** From now on `name` is this version, with a value made from both unless one is given. */
  put(name: string, versionId: string, fields: Partial<SecretFields> = {}): void {
    this.#answers.set(name, { versionId, value: `s3cret-${name}-${versionId}`, ...fields });
  }

  /** From now on `name`, or everything, fails like this. */
  fail(answer: FailureName | 'hang' | Error, name?: string): void {
    if (name === undefined) this.#always = answer;
    else this.#answers.set(name, answer);
  }

  /** Ends what `fail` began for everything. */
  heal(): void {
    this.#always = undefined;
  }

  /** From now on every answer takes so many milliseconds, by that clock. */
  answerAfter(ms: number, clock: Clock): void {
    this.#delay = { ms, clock };
  }

  /** How many requests were given up before they were answered. */
  get cancelled(): number {
    return this.#cancelled;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    this.requests.push(request);
    signal.throwIfAborted();
    const delay = this.#delay;
    if (delay !== undefined) {
      await this.#unlessCancelled<void>(signal, (resolve) => delay.clock.setUnrefTimer(delay.ms, () => resolve()));
    }
    const answer = this.#always ?? this.#answers.get(request.name) ?? 'notFound';
    if (answer instanceof Error) throw answer;
    if (answer === 'hang') return this.#unlessCancelled<never>(signal, () => () => {});
    if (typeof answer === 'string') throw new FetchFailure(answer, `${this.endpoint} was told to fail: ${answer}.`);
    const { name, versionId = 'v1', stage = 'ACSCurrent' } = request;
    return new Secret({ name, versionId, value: '', dataType: 'text', stages: [stage], ...answer });
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when what `start` started says so; it is stopped, and counted, when the request is given up before. */
  #unlessCancelled<Value>(signal: AbortSignal, start: (resolve: (value: Value) => void) => () => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#cancelled += 1;
        stop();
        reject(signal.reason as Error);
      };
      const stop = start((value) => {
        signal.removeEventListener('abort', giveUp);
        resolve(value);
      });
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
