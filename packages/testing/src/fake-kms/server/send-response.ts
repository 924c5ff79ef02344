import type { ServerResponse } from 'node:http';

import type { ApiResponse } from '../api/response.ts';
import type { FakeFault } from '../faults/fault.ts';
import type { Connection } from './connections.ts';

/** A response to send, and the two ways to end its connection. */
export interface Outgoing {
  readonly response: ServerResponse;
  /** Ends the connection with an RST. */
  reset(): void;
  /** Ends the connection with a FIN, after pending writes. */
  close(): void;
}

/** An RST must be sent by the TCP socket: a TLS socket has no such method. */
export function outgoingFor(response: ServerResponse, { tcp }: Connection): Outgoing {
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

/** Sends the response in the way that the fault prescribes. */
export function sendResponse(content: ApiResponse, fault: FakeFault | undefined, outgoing: Outgoing): void {
  const { response } = outgoing;
  const firstHalf = content.body.subarray(0, Math.floor(content.body.length / 2));
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'hangMidBody':
      writeHead(content, response).write(firstHalf);
      return;
    case 'reset':
      outgoing.reset();
      return;
    case 'closeSocket':
      outgoing.close();
      return;
    case 'truncate':
      writeHead(content, response).write(firstHalf, () => {
        outgoing.close();
      });
      return;
    case 'slow':
      delay(response, fault.ms, () => {
        writeHead(content, response).end(content.body);
      });
      return;
    case 'drip':
      drip(content.body, fault.ms, writeHead(content, response));
      return;
    case 'chunked':
      response.writeHead(content.status, content.headers);
      response.write(firstHalf);
      response.end(content.body.subarray(firstHalf.length));
      return;
    case 'connectionClose':
      response.setHeader('connection', 'close');
      writeHead(content, response).end(content.body);
      return;
    case undefined:
    case 'certificate':
    case 'throttle':
    case 'error':
    case 'html':
    case 'firewall':
    case 'empty':
    case 'malformed':
    case 'wrongShape':
    case 'otherSecret':
    case 'oversized':
    case 'redirect':
      // These faults affect the handshake or replace the response, not how it is sent.
      writeHead(content, response).end(content.body);
      return;
    default:
      throw new TypeError(`Unknown fault kind ${JSON.stringify(fault satisfies never)}.`);
  }
}

function writeHead(content: ApiResponse, response: ServerResponse): ServerResponse {
  return response.writeHead(content.status, { ...content.headers, 'content-length': content.body.length });
}

function drip(body: Buffer, ms: number, response: ServerResponse): void {
  if (body.length === 0) {
    response.end();
    return;
  }
  response.write(body.subarray(0, 1));
  delay(response, ms, () => {
    drip(body.subarray(1), ms, response);
  });
}

/** Uses system time, because it tests the real timeouts of clients. The end of the connection clears the timer. */
function delay(response: ServerResponse, ms: number, task: () => void): void {
  const clear = (): void => {
    clearTimeout(timer);
  };
  const timer = setTimeout(() => {
    response.off('close', clear);
    task();
  }, ms);
  response.once('close', clear);
}
