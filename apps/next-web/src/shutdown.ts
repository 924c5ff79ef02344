import { subscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';

/** Next bundles the instrumentation and each route separately: the global symbol is what they share. */
const slot: unique symbol = Symbol.for('@kms-secrets/next-web.stopping');
const shared: typeof globalThis & { [slot]?: true } = globalThis;

/** Whether the process has received SIGTERM. */
export const isStopping = (): boolean => shared[slot] === true;

/**
 * Lets Next stop `delay` milliseconds after SIGTERM. By itself, Next refuses connections at the signal, which an orchestrator sends while its
 * load balancers still send requests. Until then readiness fails, and each response ends its connection, so that callers open the
 * next one to another process.
 */
export function delayShutdown(delay: string): void {
  if (!/^\d{1,6}$/.test(delay)) throw new Error(`SHUTDOWN_DELAY_MS must be a number of milliseconds, got "${delay}".`);
  // Next has added its listeners before it runs the instrumentation, unless NEXT_MANUAL_SIG_HANDLE is set.
  const listeners = process.listeners('SIGTERM');
  if (listeners.length === 0) return;
  process.removeAllListeners('SIGTERM');
  // Once: a second signal ends the process immediately.
  process.once('SIGTERM', (signal) => {
    shared[slot] = true;
    setTimeout(() => {
      for (const listener of listeners) listener(signal);
    }, Number(delay));
  });
  subscribe('http.server.request.start', (message) => {
    const { response } = message as { readonly response: ServerResponse }; // documented by Node
    if (isStopping()) response.setHeader('connection', 'close');
  });
}
