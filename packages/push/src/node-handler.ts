import type { RotationWebhook } from './rotation-webhook.ts';
import type { IncomingEvent } from './webhook-receiver.ts';

/** The part of Node's `IncomingMessage` that is used, with what frameworks add to it. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the URL before routers have shortened it. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly readableDidRead?: boolean | undefined;
  /** A body parser has set it. */
  readonly body?: unknown;
  /** The body as it was sent: Nest with `rawBody`, and others. */
  readonly rawBody?: unknown;
}

/** The part of Node's `ServerResponse` that is used. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent?: boolean | undefined;
  setHeader(name: string, value: string): unknown;
  end(): unknown;
}

/**
 * A handler for `node:http`, Express, and Nest on both of its platforms:
 *
 *     app.use('/hooks/kms', nodeHandler(webhook)); // before body parsers
 *
 * Without the bytes of the body it responds with 500 and logs what to change.
 */
export function nodeHandler(webhook: RotationWebhook): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => {
    const { status, headers } = await webhook.receive(incomingOf(request));
    // A middleware with a time limit has responded. Then `setHeader` throws, which ends a process with `node:http` or Express 4.
    if (response.headersSent === true) return;
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.end();
  };
}

/** The request of Node, and the body that a framework has read, as an event. */
export function incomingOf(request: NodeRequest, rawBody: unknown = request.rawBody ?? request.body): IncomingEvent {
  return {
    method: request.method ?? '',
    path: request.originalUrl ?? request.url ?? '',
    header: (name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : value?.join(', ');
    },
    body: bytesOf(rawBody) ?? (request.readableDidRead === true ? 'consumed' : streamOf(request)),
  };
}

/** What `express.raw()` and `express.text()` leave. */
function bytesOf(body: unknown): Uint8Array | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  return ArrayBuffer.isView(body) ? (body as Uint8Array) : undefined; // a parser creates buffers, no other views
}

/** Iterates without destroying the socket, on which the response must be sent. */
function streamOf(request: NodeRequest): AsyncIterable<Uint8Array> {
  const stream = request as unknown as { iterator(options: { destroyOnReturn: boolean }): AsyncIterable<Uint8Array> }; // Readable
  return stream.iterator({ destroyOnReturn: false });
}
