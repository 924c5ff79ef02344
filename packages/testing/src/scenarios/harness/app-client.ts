import { request } from 'node:http';

/** What a route answered, as far as scenarios look at it. What the body does not hold is left out. */
export interface Answer {
  readonly status: number;
  /** Of an error: the only thing its body tells. */
  readonly code?: string;
  readonly versionId?: string;
  readonly stale?: boolean;
  /** Of the value, which itself is never in an answer. */
  readonly sha256?: string;
}

/** What `/health` says besides its status: `ok`, `degraded` or `failing`. */
export interface HealthAnswer {
  readonly status: number;
  readonly health: string | undefined;
}

/** A whole answer, for those who look at more than its fields. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** An app of any framework with the five routes: all that a scenario has of the client. */
export class App {
  readonly #url: URL;
  readonly #said: string[] = [];
  #openRequests = 0;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** `GET /secrets/:name` */
  async read(name: string): Promise<Answer> {
    return answerOf(await this.ask('GET', `/secrets/${escapeName(name)}`));
  }

  /** `POST /secrets/:name/refresh` */
  async refresh(name: string): Promise<Answer> {
    return answerOf(await this.ask('POST', `/secrets/${escapeName(name)}/refresh`));
  }

  /** `GET /ready` */
  async ready(): Promise<Answer> {
    return answerOf(await this.ask('GET', '/ready'));
  }

  /** `GET /health` */
  async health(): Promise<HealthAnswer> {
    const { status, text } = await this.ask('GET', '/health');
    const said = fieldsOf(text)['status'];
    return { status, health: typeof said === 'string' ? said : undefined };
  }

  /** `GET /stats` */
  async stats(): Promise<Readonly<Record<string, unknown>>> {
    return fieldsOf((await this.ask('GET', '/stats')).text);
  }

  /** Sends the path as it stands: a URL parser would resolve `..` before it ever left. */
  async ask(method: string, path: string): Promise<RawAnswer> {
    this.#openRequests += 1;
    try {
      const answer = await send({ method, path, host: this.#url.hostname, port: this.#url.port });
      this.#said.push(JSON.stringify(answer.headers), answer.text);
      return answer;
    } finally {
      this.#openRequests -= 1;
    }
  }

  /** Requests that have had no answer yet. */
  get openRequests(): number {
    return this.#openRequests;
  }

  /** Every header and body it has answered with. */
  get said(): string {
    return this.#said.join('\n');
  }
}

/** `encodeURIComponent` leaves dots alone; a server, or something in front of it, takes two of them for a way up. */
function escapeName(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2e');
}

function send(asked: { method: string; path: string; host: string; port: string }): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    request({ ...asked, agent: false }, (response) => {
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

function answerOf({ status, text }: RawAnswer): Answer {
  const { code, versionId, stale, sha256 } = fieldsOf(text);
  return {
    status,
    ...(typeof code === 'string' && { code }),
    ...(typeof versionId === 'string' && { versionId }),
    ...(typeof stale === 'boolean' && { stale }),
    ...(typeof sha256 === 'string' && { sha256 }),
  };
}

/** The fields of a JSON object; none of anything else. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
