import { connect } from 'node:net';
import { onAbort } from '../../time/abort.ts';
import type { Clock } from '../../time/clock.ts';

/**
 * Milliseconds that a TCP connection takes, without the look-up of the name, which a resolver answers from memory the next
 * time. It is given back at once, and keeps no process alive.
 */
export function connectTime(
  { hostname, port, clock }: { readonly hostname: string; readonly port: number; readonly clock: Clock },
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    let startedAt = clock.now();
    const socket = connect({ host: hostname, port }).unref();
    const end = (settle: () => void): void => {
      callOff();
      socket.destroy();
      settle();
    };
    const callOff = onAbort(signal, () => end(() => reject(signal.reason as Error)));
    socket.once('lookup', () => {
      startedAt = clock.now();
    });
    socket.once('connect', () => end(() => resolve(clock.now() - startedAt)));
    // Stays on: what is destroyed may report an error too.
    socket.on('error', (error) => end(() => reject(error)));
  });
}
