import type { Clock } from '@kms-secrets/core';

/** The part of `fetch` that is used: the global one, or your own, for example through a proxy. */
export type Fetch = (
  url: string,
  options: {
    readonly method?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly redirect: 'error';
    readonly signal: AbortSignal;
  },
) => Promise<FetchResponse>;

export interface FetchResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface TimeLimits {
  readonly clock: Clock;
  /** Milliseconds for the whole operation. */
  readonly timeout: number;
  /** Ends the operation. */
  readonly signal: AbortSignal;
}

export interface FetchLimits extends TimeLimits {
  readonly maxBytes: number;
}

export interface BoundedResponse {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * Runs an operation of foreign code, with a signal that aborts after `timeout` and with `signal`. Rejects after `timeout` also if the
 * operation ignores its signal.
 */
export async function withinTime<Result>(
  run: (signal: AbortSignal) => Promise<Result>,
  { clock, timeout, signal }: TimeLimits,
): Promise<Result> {
  const controller = new AbortController();
  const end = (): void => controller.abort(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  let cancelTimer = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancelTimer = clock.setUnrefTimer(timeout, () => {
      const error = new Error(`no response within ${timeout} ms`);
      controller.abort(error);
      reject(error);
    });
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', end);
    controller.abort(); // a body that is not read would keep its connection
  }
}

/** Sends a request and reads at most `maxBytes` of the response. Rejects after `timeout`, and for a redirect. */
export function boundedFetch(
  fetch: Fetch,
  {
    url,
    method = 'GET',
    headers,
  }: { readonly url: string; readonly method?: string; readonly headers: Readonly<Record<string, string>> },
  limits: FetchLimits,
): Promise<BoundedResponse> {
  return withinTime(async (signal) => {
    const { status, body } = await fetch(url, { method, headers, redirect: 'error', signal });
    return { status, body: await readAll(body, limits.maxBytes) };
  }, limits);
}

async function readAll(body: unknown, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // A stream of the Fetch standard, which Node can iterate; `null` without a body.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`the response has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
