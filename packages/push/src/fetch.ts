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

export interface FetchLimits {
  readonly clock: Clock;
  readonly maxBytes: number;
  /** Milliseconds for the whole response. */
  readonly timeout: number;
  /** Ends the request. */
  readonly signal: AbortSignal;
}

export interface BoundedResponse {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Sends a request and reads at most `maxBytes` of the response. Rejects after `timeout`, and for a redirect. */
export async function boundedFetch(
  fetch: Fetch,
  {
    url,
    method = 'GET',
    headers,
  }: { readonly url: string; readonly method?: string; readonly headers: Readonly<Record<string, string>> },
  { clock, maxBytes, timeout, signal }: FetchLimits,
): Promise<BoundedResponse> {
  const controller = new AbortController();
  const end = (): void => controller.abort(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  const cancel = clock.setUnrefTimer(timeout, () => controller.abort(new Error(`no response within ${timeout} ms`)));
  try {
    const { status, body } = await fetch(url, { method, headers, redirect: 'error', signal: controller.signal });
    return { status, body: await readAll(body, maxBytes) };
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
    controller.abort(); // a body that is not read would keep its connection
  }
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
