import type { ServerResponse } from 'node:http';

import type { Answer } from '../api/response.ts';
import type { FakeFault } from '../faults/fault-registry.ts';

/** A response on its way out, with the two ends of its connection that only the listener can reach. */
export interface Outgoing {
  readonly response: ServerResponse;
  /** Ends the connection with an RST. */
  reset(): void;
  /** Ends the connection in good order, once what was written is out. */
  close(): void;
}

/** Sends an answer, spoiled in the way the fault says. */
export function deliver(answer: Answer, fault: FakeFault | undefined, outgoing: Outgoing): void {
  const { response } = outgoing;
  const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'hangMidBody':
      begin(answer, response).write(half);
      return;
    case 'reset':
      outgoing.reset();
      return;
    case 'closeSocket':
      outgoing.close();
      return;
    case 'truncate':
      begin(answer, response).write(half, () => {
        outgoing.close();
      });
      return;
    case 'slow':
      later(response, fault.ms, () => {
        begin(answer, response).end(answer.body);
      });
      return;
    case 'drip':
      drip(answer.body, fault.ms, begin(answer, response));
      return;
    case 'chunked':
      response.writeHead(answer.status, answer.headers);
      response.write(half);
      response.end(answer.body.subarray(half.length));
      return;
    case 'connectionClose':
      response.setHeader('connection', 'close');
      begin(answer, response).end(answer.body);
      return;
    case undefined:
    case 'certificate':
    case 'throttle':
    case 'error':
    case 'html':
    case 'empty':
    case 'malformed':
    case 'wrongShape':
    case 'otherSecret':
    case 'oversized':
    case 'redirect':
      // These change what is said, or were over with the handshake; how it is said is left alone.
      begin(answer, response).end(answer.body);
      return;
    default:
      throw new TypeError(`There is no fault ${String(fault satisfies never)}.`);
  }
}

function begin(answer: Answer, response: ServerResponse): ServerResponse {
  return response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
}

function drip(body: Buffer, ms: number, response: ServerResponse): void {
  if (body.length === 0) {
    response.end();
    return;
  }
  response.write(body.subarray(0, 1));
  later(response, ms, () => {
    drip(body.subarray(1), ms, response);
  });
}

/** Real time, because it is the client's real timeouts that this is for. Forgotten when the connection ends. */
function later(response: ServerResponse, ms: number, task: () => void): void {
  const forget = (): void => {
    clearTimeout(timer);
  };
  const timer = setTimeout(() => {
    response.off('close', forget);
    task();
  }, ms);
  response.once('close', forget);
}
