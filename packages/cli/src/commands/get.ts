import type { ParsedArguments } from '../arguments/command.ts';
import { CliError, exitCodes } from '../cli-error.ts';
import { write } from '../host.ts';
import type { Host } from '../host.ts';
import { openClient } from '../open-client.ts';
import { valueOf } from '../secret-value.ts';
import { staleWarning } from '../stale-warning.ts';

/** The command `get`: writes the value of a secret as it is. */
export async function run(host: Host, args: ParsedArguments): Promise<number> {
  const { stdout, stderr } = host;
  const isTerminal = stdout.isTTY === true;
  if (isTerminal && !args.has('reveal')) {
    throw new CliError(
      'Standard output is a terminal, which would show the secret. Pipe or redirect it, or pass --reveal.',
      exitCodes.usage,
    );
  }
  const [name = ''] = args.positionals;
  const client = await openClient(host, args);
  const secret = await client.get(name, { stage: args.get('stage'), versionId: args.get('version') });
  if (secret.stale) await write(stderr, staleWarning(client, secret));
  const key = args.get('key');
  const value = valueOf(secret, { key, isBase64: args.has('base64') });
  if (isTerminal && secret.dataType === 'binary') {
    throw new CliError(`Secret "${name}" is binary: a terminal could take it for commands. Pipe or redirect it.`);
  }
  await write(stdout, value);
  // For the person who reads it: the prompt of the shell would follow the value in the same line.
  if (isTerminal && value.at(-1) !== newline) await write(stdout, '\n');
  const closed = client.close();
  // A store may still write the secret. Connections need no end: the process ends.
  if (client.describe().stores.length > 0) await closed;
  return 0;
}

const newline = 0x0a;
