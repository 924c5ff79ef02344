import type { Clock, SecretClient } from '@kms-secrets/core';
import { errorCode, isError } from '@kms-secrets/core';
import type { EventCounts, EventReceiver } from './event-receiver.ts';
import { signatureHeader } from './event-signature.ts';
import type { EventSignatures, HeaderReader, SignatureProblem } from './event-signature.ts';
import { RateLimit } from './rate-limit.ts';
import { readBody } from './read-body.ts';
import type { Report } from './report.ts';
import type { Tokens } from './token.ts';

/** A request, as a server has it. */
export interface IncomingEvent {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Reads a header by its name in lower case. */
  readonly header: HeaderReader;
  /** The bytes as they were sent. `consumed`: something else has read them. */
  readonly body: AsyncIterable<Uint8Array> | Uint8Array | 'consumed' | undefined;
}

/** What to respond. The body is empty. */
export interface WebhookAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Counters since the webhook was created. */
export interface WebhookStats {
  /** Authentic events, by what became of them. */
  readonly events: EventCounts;
  /** Requests with another response than 204: not authentic, malformed, too large, or too many. */
  readonly rejected: number;
}

interface WebhookReceiverParts {
  readonly client: Pick<SecretClient, 'isClosed'>;
  readonly clock: Clock;
  readonly report: Report;
  readonly events: EventReceiver;
  /** `undefined`: no events of EventBridge. */
  readonly signatures: EventSignatures | undefined;
  /** `undefined`: no callbacks of CloudMonitor. */
  readonly tokens: Tokens | undefined;
}

/** EventBridge allows 64 KB for an event. */
const maxBytes = 131_072;
const bodyTimeout = 10_000;
/** Bodies that are read at the same time. */
const maxReading = 100;
/** Signatures that are verified per second. A rotation is one event. */
const maxVerifications = 1_000;

const rejections: Readonly<Record<SignatureProblem | 'signature' | 'bearer' | 'consumed', string>> = {
  headers: 'An event was rejected: its signature headers of EventBridge (version 2) are missing or malformed.',
  late: 'An event was rejected: it was signed more than 60 s ago, or the clock of this machine is wrong.',
  token: 'An event was rejected: it does not have the token in eventBridge.token.',
  certificateUrl: 'An event was rejected: its certificate is not from EventBridge in one of the option regions.',
  signature:
    'An event was rejected: its signature does not match. Check that eventBridge.url is exactly the URL of the target in the console, and that nothing changes the body on its way.',
  bearer: 'A request was rejected: it has neither a signature nor the token of CloudMonitor.',
  consumed:
    'An event was rejected: a body parser has read its body, which the signature needs as it was sent. Mount the webhook before express.json() and the like; in Nest, create the app with { rawBody: true }; in Fastify, register fastifyWebhook().',
};

/** Receives requests from anyone. Cheap checks come first. */
export class WebhookReceiver {
  readonly #parts: WebhookReceiverParts;
  readonly #verifications: RateLimit;
  #reading = 0;
  #rejected = 0;

  constructor(parts: WebhookReceiverParts) {
    this.#parts = parts;
    this.#verifications = new RateLimit({ clock: parts.clock, rate: maxVerifications, burst: maxVerifications });
  }

  async receive(event: IncomingEvent): Promise<WebhookAnswer> {
    const status = await this.#statusOf(event);
    if (status !== 204) this.#rejected += 1;
    return { status, headers: headersOf(status, event) };
  }

  stats(): WebhookStats {
    return { events: this.#parts.events.counts(), rejected: this.#rejected };
  }

  async #statusOf(event: IncomingEvent): Promise<number> {
    if (this.#parts.client.isClosed) return 503;
    if (event.method !== 'POST') return 405;
    if (Number(event.header('content-length') ?? 0) > maxBytes) return 413;
    const { signatures, tokens } = this.#parts;
    const isSigned = event.header(signatureHeader) !== undefined;
    if (signatures !== undefined && isSigned) return this.#receiveSigned(event, signatures);
    if (tokens?.includes(tokenOf(event)) === true) return this.#receiveBody(event, () => 204);
    return this.#reject('bearer');
  }

  #receiveSigned(event: IncomingEvent, signatures: EventSignatures): number | Promise<number> {
    const signed = signatures.readHeaders(event.header);
    if (typeof signed === 'string') return this.#reject(signed);
    return this.#receiveBody(event, async (body) => {
      if (!this.#verifications.take()) return 503;
      try {
        return (await signatures.verify(signed, body)) ? 204 : this.#reject('signature');
      } catch (error) {
        // Not the message: it may contain the URL of an attacker.
        const code = errorCode(isError(error) ? (error.cause ?? error) : error);
        const reason = code === undefined ? '' : ` (${code})`;
        this.#parts.report.limited(
          'warn',
          `The certificate of EventBridge could not be loaded${reason}. Events are not accepted.`,
        );
        return 503;
      }
    });
  }

  /** Reads the body and, if `authenticate` returns 204, passes it on. */
  async #receiveBody(
    { body: source }: IncomingEvent,
    authenticate: (body: Uint8Array) => number | Promise<number>,
  ): Promise<number> {
    if (source === 'consumed') {
      this.#reject('consumed');
      return 500;
    }
    if (this.#reading >= maxReading) return 503;
    this.#reading += 1;
    try {
      const body = await readBody(source, { clock: this.#parts.clock, maxBytes, timeout: bodyTimeout });
      if (typeof body === 'string') return bodyProblems[body];
      const status = await authenticate(body);
      if (status !== 204) return status;
      return this.#parts.events.receive(body) === 'malformed' ? 400 : 204;
    } finally {
      this.#reading -= 1;
    }
  }

  #reject(reason: keyof typeof rejections): number {
    this.#parts.report.limited('warn', rejections[reason]);
    return 401;
  }
}

const bodyProblems = { tooLarge: 413, late: 408, aborted: 400 } as const;

function headersOf(status: number, { header }: IncomingEvent): Readonly<Record<string, string>> {
  return {
    ...(leavesBody(status, header) && { connection: 'close' }),
    ...(status === 405 && { allow: 'POST' }),
    ...(status === 503 && { 'retry-after': '1' }),
  };
}

/** Whether a body may be left of which the length is too large or not known. Node would read it to its end, to use the connection again. */
function leavesBody(status: number, header: HeaderReader): boolean {
  if (status === 413 || status === 408) return true;
  if (status === 401) return header('content-length') === undefined;
  return (status === 405 || status === 503) && header('transfer-encoding') !== undefined;
}

function tokenOf({ path, header }: IncomingEvent): string | undefined {
  const [, bearer] = /^Bearer ([\w.~-]+)$/iu.exec(header('authorization') ?? '') ?? [];
  const [, segment] = /\/([\w.~-]+)\/?(?:[?#].*)?$/u.exec(path) ?? [];
  return bearer ?? segment;
}
