import { constants } from 'node:os';
import { inspection } from '@kms-secrets/core/internal';
import type { ParsedArguments } from '../arguments/command.ts';
import { usageError } from '../cli-error.ts';
import type { Host } from '../host.ts';
import { clientOptionsOf, durationOf, openClient } from '../open-client.ts';
import { watchSecrets } from '../watch/watch.ts';

const defaultInterval = 1_000;
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The command `watch`: shows secrets until it is ended. */
export async function run(host: Host, args: ParsedArguments): Promise<number> {
  const { stdout, clock } = host;
  const interval = durationOf(args, 'interval') ?? defaultInterval;
  const client = await openClient(host, args, args.has('stage') ? { stage: args.get('stage') } : {});
  const stop = new AbortController();
  let exitCode = 0;
  const stops = endingSignals.map((signal) => {
    const listener = (): void => {
      // Ctrl-C is how a person ends it.
      exitCode = signal === 'SIGINT' ? 0 : 128 + constants.signals[signal];
      stop.abort();
    };
    host.signals.on(signal, listener);
    return () => host.signals.off(signal, listener);
  });
  try {
    const { inspectClient } = await inspection();
    const { preload } = inspectClient(host.machine, clientOptionsOf(host, args)).options;
    const names = [...new Set([...args.positionals, ...preload])];
    if (names.length === 0)
      throw usageError('"watch" needs a name, or secrets to preload in the configuration.', 'watch');
    await watchSecrets({ client, names, stdout, clock, stop: stop.signal, interval });
    return exitCode;
  } finally {
    for (const remove of stops) remove();
    await client.close();
  }
}
