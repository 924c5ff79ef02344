import type { ClientMonitor } from '@kms-secrets/core';

/** A client of `createSecretClient()`. */
export interface MonitoredClient {
  readonly monitor: ClientMonitor;
}

/** Which clients are measured, and which names of secrets may appear. */
export interface MeasuredClients {
  /**
   * A list of clients, which are measured as one; or an object, whose keys are the label `kms_secrets.client`. Default: every client of
   * the process. A client that is older than this call is found by its next fetch or event.
   */
  readonly clients?: readonly MonitoredClient[] | Readonly<Record<string, MonitoredClient>> | undefined;
  /**
   * Names of secrets that may appear in metrics and spans, at most 100. Default: none. Names are data of your account, and each is a
   * series of its own.
   */
  readonly names?: readonly string[] | undefined;
}

/** A client, and the label of its group. */
export interface LabelledClient {
  readonly monitor: ClientMonitor;
  readonly label: string | undefined;
}

const maxNames = 100;

/** The given clients; `undefined` for all. Throws a `TypeError` for anything that is no client. */
export function labelledClients({ clients }: MeasuredClients): readonly LabelledClient[] | undefined {
  if (clients === undefined) return undefined;
  const given: readonly (readonly [string, MonitoredClient])[] = Object.entries(clients);
  const isList = Array.isArray(clients);
  return given.map(([key, client]) => {
    const monitor: ClientMonitor | undefined = (client as Partial<MonitoredClient> | undefined)?.monitor;
    if (typeof monitor?.stats === 'function') return { monitor, label: isList ? undefined : key };
    throw new TypeError(`clients.${key} must be a client of createSecretClient().`);
  });
}

/** Throws a `TypeError` for anything but up to 100 names. */
export function allowedNames({ names = [] }: MeasuredClients): ReadonlySet<string> {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw new TypeError('The option names must be a list of names of secrets.');
  }
  const allowed = new Set<string>(names);
  if (allowed.size <= maxNames) return allowed;
  throw new TypeError(
    `The option names has ${allowed.size} names; ${maxNames} are allowed. Each is a series of its own.`,
  );
}
