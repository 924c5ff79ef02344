import type { ParsedArguments } from '../arguments/command.ts';
import { write } from '../host.ts';
import type { Host } from '../host.ts';
import { loadOptional } from '../load-optional.ts';

const more = `Other commands of the fake:

  kms-secrets fake rotate NAME    rotate a secret of a running fake that was started with --admin
  kms-secrets fake pull           write a secrets file with the names and types of a real account

`;

/** The name of the program as a word, and not as a part of a path: the fake prints the path of its CA. */
const programName = /(?<!\S)fake-kms(?=[\s:]|$)/gmu;

/** The command `fake`: serves a file of secrets as a fake KMS, until a signal ends it. */
export async function run(host: Host, args: ParsedArguments): Promise<number> {
  const { main } = await loadOptional('@kms-secrets/testing', () => import('@kms-secrets/testing/command'));
  const argv = args.positionals;
  const isHelp = argv.length === 0 || argv.some((word) => word === '--help' || word === '-h');
  const stop = new AbortController();
  const listener = (): void => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) host.signals.on(signal, listener);
  const outputOf = (stream: Host['stdout']): { write(text: string): void } => ({
    // The program has the name under which it was called. A write to a closed terminal fails: the fake goes on.
    write: (text) => void write(stream, text.replaceAll(programName, 'kms-secrets fake')).catch(() => undefined),
  });
  try {
    const stdout = outputOf(host.stdout);
    const stderr = outputOf(host.stderr);
    const code = await main({ argv: isHelp ? ['--help'] : argv, stdout, stderr, stop: stop.signal });
    if (isHelp) await write(host.stdout, `\n${more}`);
    return code;
  } finally {
    for (const signal of signals) host.signals.off(signal, listener);
  }
}
