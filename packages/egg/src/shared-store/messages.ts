import type { SecretRequest, StoredSecret, StoreEvent } from '@kms-secrets/core';
import type { Socket } from 'node:net';

/** An operation on the store that the agent holds. */
export type StoreCall =
  | readonly ['read' | 'remove' | 'release', SecretRequest]
  | readonly ['write', SecretRequest, StoredSecret]
  | readonly ['removeAll', string]
  | readonly ['lease', SecretRequest, number];

/** What a worker sends. */
export interface CallMessage {
  readonly id: number;
  readonly call: StoreCall;
}

/** What the agent sends: the result of a call, or an event. */
export type AgentMessage = { readonly id: number; readonly result?: unknown } | { readonly event: StoreEvent };

/** Longer than any message: KMS limits a secret to 64 KiB. */
const maxLength = 1_000_000;

export function sendMessage(socket: Socket, message: CallMessage | AgentMessage): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `onMessage` with each line. A line that is too long or no JSON ends the connection. */
export function onMessages(socket: Socket, onMessage: (message: never) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    // Not node:readline: it also splits at U+2028, which JSON does not escape.
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    try {
      if (rest.length > maxLength) throw new Error('The message is too long.');
      for (const line of lines) onMessage(JSON.parse(line) as never); // what another process with this plug-in has sent
    } catch {
      socket.destroy();
    }
  });
}
