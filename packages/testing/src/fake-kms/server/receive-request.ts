import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Connection } from './connections.ts';
import type { Outgoing } from './send-response.ts';
import type { WireRequest } from '../protocols/protocol.ts';

/** No request of a secret client comes near this; KMS answers a longer one with 413 and no body. */
const longestBody = 3 * 1024 * 1024;

/** Reads a request to its end; `undefined` when its body is too long or its sender went away. */
export async function readRequest(incoming: IncomingMessage): Promise<WireRequest | 'tooLong' | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      // bytes, since no encoding was set
      length += chunk.length;
      if (length > longestBody) return 'tooLong';
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  const url = incoming.url ?? '/';
  const at = url.indexOf('?');
  return {
    method: incoming.method ?? '',
    path: at === -1 ? url : url.slice(0, at),
    query: at === -1 ? '' : url.slice(at + 1),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body: Buffer.concat(chunks),
  };
}

/** The response with the two ways to end its connection. The RST must come from the raw socket: TLS has none. */
export function outgoingOver(response: ServerResponse, { tcp }: Connection): Outgoing {
  return {
    response,
    reset() {
      tcp.resetAndDestroy();
    },
    close() {
      response.socket?.destroySoon();
    },
  };
}
