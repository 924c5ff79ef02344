import type { IncomingMessage } from 'node:http';

import type { WireRequest } from '../protocols/protocol.ts';

/** 3 MiB. KMS responds to a longer body with 413 and no body. */
const maxBodyBytes = 3 * 1024 * 1024;

/** Reads a complete request. `undefined` if the client disconnected. */
export async function receiveRequest(incoming: IncomingMessage): Promise<WireRequest | 'tooLong' | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Chunks are buffers, because no encoding is set.
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBodyBytes) return 'tooLong';
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  const url = incoming.url ?? '/';
  const queryStart = url.indexOf('?');
  return {
    method: incoming.method ?? '',
    path: queryStart === -1 ? url : url.slice(0, queryStart),
    query: queryStart === -1 ? '' : url.slice(queryStart + 1),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body: Buffer.concat(chunks),
  };
}
