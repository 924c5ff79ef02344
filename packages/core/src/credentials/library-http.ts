/** A request of `@alicloud/credentials`, as its `doRequest` receives it (providers/http.js of 2.4.7). */
export interface LibraryRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  /** Absent for a provider that requests a `url`. */
  readonly host?: string | undefined;
  readonly url?: string | undefined;
  readonly bodyForm?: Record<string, string> | undefined;
  /** Milliseconds. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds. */
  readonly readTimeout?: number | undefined;
  toRequestURL(): string;
}

/** A response, as `doRequest` returns it. */
export interface LibraryResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** Sends one request: the type of a provider's `doRequest`. */
export type DoRequest = (request: LibraryRequest) => Promise<LibraryResponse>;

/**
 * Wraps the HTTP function of a provider of `@alicloud/credentials`: its property `doRequest`, the only extension point of the
 * library ("used for mock", according to its source). Does nothing for a provider without that property.
 */
export function wrapDoRequest(provider: object, wrap: (doRequest: DoRequest) => DoRequest): void {
  const doRequest: unknown = Reflect.get(provider, 'doRequest');
  if (typeof doRequest !== 'function') return;
  Reflect.set(provider, 'doRequest', wrap(doRequest as DoRequest)); // the signature that the library calls it with
}
