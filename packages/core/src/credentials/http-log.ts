/** What a provider of `@alicloud/credentials` sent and got, as far as a failure may tell it. */
export interface HttpLogEntry {
  readonly host: string;
  /** Absent where there was no answer. */
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  /** The answer's own date, in milliseconds since 1970. */
  readonly date?: number | undefined;
  /** Why there was no answer: `ECONNREFUSED`, `ETIMEDOUT`. */
  readonly reason?: string | undefined;
}

/** The library's request and response, as far as they are used here. */
interface LibraryRequest {
  readonly host?: string | undefined;
  readonly url?: string | undefined;
  readonly bodyForm?: Record<string, string> | undefined;
}

interface LibraryResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

type DoRequest = (request: LibraryRequest) => Promise<LibraryResponse>;

/**
 * Looks over a provider's shoulder: what it sends and gets is noted in `exchanges`, without what is secret in it.
 *
 * By its property `doRequest`, the one seam that the library has ("used for mock", says its source): the errors it throws
 * hold the server's text, and neither status nor code nor request id. Without that property, nothing is noted.
 */
export function logRequests(provider: object, exchanges: HttpLogEntry[]): void {
  const doRequest: unknown = Reflect.get(provider, 'doRequest');
  if (typeof doRequest !== 'function') return;
  const watched: DoRequest = async (request) => {
    trimToken(request);
    const host = hostOf(request);
    try {
      const response = await (doRequest as DoRequest)(request); // as its own callers use it
      exchanges.push({ host, ...noted(response) });
      return response;
    } catch (error) {
      exchanges.push({ host, reason: reasonOf(error) });
      throw error;
    }
  };
  Reflect.set(provider, 'doRequest', watched);
}

/** The library sends a token as it stands in its file, with the line break that an editor leaves behind it. */
function trimToken({ bodyForm }: LibraryRequest): void {
  const token = bodyForm?.['OIDCToken'];
  if (bodyForm === undefined || token === undefined) return;
  bodyForm['OIDCToken'] = token.trim();
  if (token.trim() === '') throw Object.assign(new Error('The token is empty.'), { code: emptyTokenCode });
}

export const emptyTokenCode = 'EMPTY_TOKEN';

function hostOf({ host, url }: LibraryRequest): string {
  try {
    return url === undefined ? (host ?? 'nowhere') : new URL(url).host;
  } catch {
    return 'nowhere';
  }
}

function noted({ statusCode, headers, body }: LibraryResponse): Omit<HttpLogEntry, 'host'> {
  const date = Date.parse(String(headers['date']));
  return { status: statusCode, ...readRefusal(body.toString('utf8')), date: Number.isNaN(date) ? undefined : date };
}

/** Code and request id of an answer of Alibaba Cloud's; of anybody else's page, neither. */
function readRefusal(text: string): Pick<HttpLogEntry, 'code' | 'requestId'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own error quotes the text.
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null) return {};
  const fields = new Map<string, unknown>(Object.entries(parsed));
  const field = (name: string, form: RegExp): string | undefined => {
    const value = fields.get(name);
    return typeof value === 'string' && form.test(value) ? value : undefined;
  };
  return { code: field('Code', /^[A-Za-z][\w.-]{0,99}$/u), requestId: field('RequestId', /^[\w-]{1,64}$/u) };
}

/** A word for why there was no answer: a library's message would hold the URL, with signature and access key id. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is not an error';
  if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/u.test(error.code))
    return error.code;
  return /Timeout/u.test(error.name) ? 'ETIMEDOUT' : error.name;
}
