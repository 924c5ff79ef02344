import { request } from 'node:http';

/** A response of the app, reduced to what scenarios check. A field that the body lacks is left out. */
export interface AppResponse {
  readonly status: number;
  /** The error code: the only field of an error body. */
  readonly code?: string;
  readonly versionId?: string;
  readonly stale?: boolean;
  /** Hash of the secret's value. The value itself is never in a response. */
  readonly sha256?: string;
}

/** The response of `/health`. */
export interface HealthResponse {
  readonly status: number;
  /** `ok`, `degraded` or `failing`. */
  readonly health: string | undefined;
}

/** A response with all headers and the unparsed body. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends requests to the five routes of an app. Scenarios reach the secret client only through it. */
export class AppClient {
  readonly #url: URL;
  readonly #responses: string[] = [];
  #openRequests = 0;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** `GET /secrets/:name` */
  async read(name: string): Promise<AppResponse> {
    return appResponse(await this.request('GET', `/secrets/${escapeName(name)}`));
  }

  /** `POST /secrets/:name/refresh` */
  async refresh(name: string): Promise<AppResponse> {
    return appResponse(await this.request('POST', `/secrets/${escapeName(name)}/refresh`));
  }

  /** `GET /ready` */
  async ready(): Promise<AppResponse> {
    return appResponse(await this.request('GET', '/ready'));
  }

  /** `GET /health` */
  async health(): Promise<HealthResponse> {
    const { status, text } = await this.request('GET', '/health');
    const health = jsonFields(text)['status'];
    return { status, health: typeof health === 'string' ? health : undefined };
  }

  /** `GET /stats` */
  async stats(): Promise<Readonly<Record<string, unknown>>> {
    return jsonFields((await this.request('GET', '/stats')).text);
  }

  /** Sends the path unchanged: a URL parser would resolve `..` before the request is sent. */
  async request(method: string, path: string): Promise<RawResponse> {
    this.#openRequests += 1;
    try {
      const response = await send({ method, path, host: this.#url.hostname, port: this.#url.port });
      this.#responses.push(JSON.stringify(response.headers), response.text);
      return response;
    } finally {
      this.#openRequests -= 1;
    }
  }

  /** The number of requests without a response yet. */
  get openRequests(): number {
    return this.#openRequests;
  }

  /** The headers and bodies of all responses. */
  get output(): string {
    return this.#responses.join('\n');
  }
}

/** Dots are escaped too: `encodeURIComponent` leaves them, and a server or proxy resolves `..` in a path. */
function escapeName(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2e');
}

function send(options: { method: string; path: string; host: string; port: string }): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    request({ ...options, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

function appResponse({ status, text }: RawResponse): AppResponse {
  const { code, versionId, stale, sha256 } = jsonFields(text);
  return {
    status,
    ...(typeof code === 'string' && { code }),
    ...(typeof versionId === 'string' && { versionId }),
    ...(typeof stale === 'boolean' && { stale }),
    ...(typeof sha256 === 'string' && { sha256 }),
  };
}

/** The fields of a JSON object. Any other text has none. */
export function jsonFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
