import type { CommandSpec, ParsedArguments } from '../arguments/command.ts';
import { usageError } from '../cli-error.ts';
import { completionScript, shells } from '../completion/scripts.ts';
import { write } from '../host.ts';
import type { Host } from '../host.ts';

/** The command `completion`: prints the completion script of a shell. */
export async function run(host: Host, args: ParsedArguments, commands: readonly CommandSpec[]): Promise<number> {
  const [name] = args.positionals;
  const shell = shells.find((each) => each === name);
  if (shell === undefined) throw usageError(`"completion" needs one of ${shells.join(', ')}.`, 'completion');
  await write(host.stdout, completionScript(shell, commands));
  return 0;
}
