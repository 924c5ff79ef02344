import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { UsersProject } from './users-project.ts';

/** Sends a GraphQL operation to a server on this machine. */
export async function sendQuery(port: number, query: string): Promise<{ readonly data: { readonly read: string } }> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as { readonly data: { readonly read: string } }; // what fixtures/nestjs resolves
}

/** Sends a message in the protocol of Nest's TCP transport. Returns the response or the error. */
export async function sendMessage(port: number, pattern: string, data: unknown): Promise<unknown> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    const message = JSON.stringify({ pattern, data, id: '1' });
    socket.write(`${message.length}#${message}`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    const { response, err } = JSON.parse(reply.toString().replace(/^\d+#/u, '')) as Record<string, unknown>;
    return err ?? response;
  } finally {
    socket.destroy();
  }
}

interface NativeSocket {
  readonly once: (event: string, listener: (data: unknown) => void) => void;
  readonly send: (text: string) => void;
  readonly close: () => void;
}

/** Sends an event to a gateway of `@nestjs/platform-ws`, with the `ws` of the project. Returns the first event it receives. */
export async function sendToNativeSocket(project: UsersProject, port: number, event: string): Promise<unknown> {
  const { WebSocket } = clientOf(project, 'ws') as { WebSocket: new (url: string) => NativeSocket };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  try {
    return await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => socket.send(JSON.stringify({ event, data: 'text' })));
      socket.once('message', (text) => resolve(JSON.parse(String(text))));
    });
  } finally {
    socket.close();
  }
}

interface IoSocket {
  readonly once: (event: string, listener: (data: unknown) => void) => void;
  readonly emit: (event: string, data: unknown) => void;
  readonly disconnect: () => void;
}

/** Sends an event to a gateway of `@nestjs/platform-socket.io`, and returns the first event it receives. */
export async function sendToSocketIo(project: UsersProject, port: number, event: string): Promise<unknown> {
  const { io } = clientOf(project, 'socket.io-client') as { io: (url: string, options: object) => IoSocket };
  const socket = io(`http://127.0.0.1:${port}`, { reconnection: false, transports: ['websocket'] });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('connect_error', reject);
      for (const name of [event, 'exception']) socket.once(name, (data) => resolve({ event: name, data }));
      socket.emit(event, 'text');
    });
  } finally {
    socket.disconnect();
  }
}

/** A package of the project, in CommonJS. */
function clientOf(project: UsersProject, packageName: string): unknown {
  return createRequire(join(project.directory, 'package.json'))(packageName);
}
