import type { SecretClient } from '@kms-secrets/core/internal';
import { safeMessage } from '@kms-secrets/core/internal';
import type { ParsedArguments } from '../arguments/command.ts';
import { CliError } from '../cli-error.ts';
import { startChild } from '../exec/child.ts';
import { maskPatterns, minMaskedLength } from '../exec/masker.ts';
import { RotationWatch } from '../exec/rotation-watch.ts';
import { Supervisor } from '../exec/supervisor.ts';
import { parseTargets, placeOf } from '../exec/targets.ts';
import type { Target } from '../exec/targets.ts';
import { valuesFor } from '../exec/values.ts';
import type { TargetValue } from '../exec/values.ts';
import { write } from '../host.ts';
import type { Host } from '../host.ts';
import { durationOf, openClient } from '../open-client.ts';
import { staleWarning } from '../stale-warning.ts';

const defaultStopTimeout = 10_000;

/** The command `exec`: starts a program with secrets. */
export async function run(host: Host, args: ParsedArguments): Promise<number> {
  const targets = parseTargets(args.all('env'), args.all('fd'));
  const stopTimeout = durationOf(args, 'stop-timeout') ?? defaultStopTimeout;
  const stage = args.get('stage');
  const client = await openClient(host, args, stage === undefined ? {} : { stage });
  const isMasking = args.has('mask');
  let values = await readValues(host, client, targets);
  if (isMasking) await warnOfShortValues(host, values);
  let masked = isMasking ? maskPatterns(values.map(({ value }) => value)) : undefined;
  const start = (): ReturnType<typeof startChild> =>
    startChild({
      command: args.rest ?? [],
      environment: host.machine.environment,
      values,
      masked,
      stdout: host.stdout,
      stderr: host.stderr,
    });
  const supervisor = new Supervisor({ host, start, stopTimeout });
  if (!args.has('restart-on-rotation')) {
    await client.close();
    return supervisor.run();
  }
  const report = (text: string): void => void write(host.stderr, `kms-secrets: ${text}\n`).catch(() => undefined);
  using watch = new RotationWatch({
    client,
    clock: host.clock,
    targets,
    values,
    onChanged(changed, reason) {
      // The program may still write the previous value.
      if (masked !== undefined) masked = maskPatterns([...values, ...changed].map(({ value }) => value));
      values = changed;
      report(`Restarting ${args.rest?.[0] ?? ''}: ${reason}.`);
      supervisor.restart();
    },
    onUnusable: (error) =>
      report(`The new values cannot be used, and the program keeps the old ones: ${safeMessageOf(error)}`),
  });
  watch.start();
  try {
    return await supervisor.run();
  } finally {
    await client.close();
  }
}

async function readValues(
  host: Host,
  client: SecretClient,
  targets: readonly Target[],
): Promise<readonly TargetValue[]> {
  const names = [...new Set(targets.map(({ name }) => name))];
  const secrets = await client.getMany(names);
  for (const secret of Object.values(secrets)) if (secret.stale) await write(host.stderr, staleWarning(client, secret));
  return valuesFor(targets, secrets);
}

async function warnOfShortValues(host: Host, values: readonly TargetValue[]): Promise<void> {
  const short = values.filter(({ value }) => value.length < minMaskedLength);
  for (const { target } of short) {
    await write(host.stderr, `kms-secrets: The value for the ${placeOf(target)} is too short to be masked.\n`);
  }
}

function safeMessageOf(error: unknown): string {
  return error instanceof CliError ? error.message : safeMessage(error);
}
