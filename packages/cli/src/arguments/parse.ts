import { parseArgs } from 'node:util';
import { suggestion } from '@kms-secrets/core/internal';
import { usageError } from '../cli-error.ts';
import { ParsedArguments } from './command.ts';
import type { CommandSpec, OptionSpec } from './command.ts';

/** Every command has it. */
export const helpOption: OptionSpec = { type: 'boolean', short: 'h', text: 'Print this text.' };

/** Parses the arguments after the name of a command. Throws a `CliError` for an unknown option, with the closest known one. */
export function parseCommandArguments(spec: CommandSpec, argv: readonly string[]): ParsedArguments {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const rest = end === -1 ? undefined : argv.slice(end + 1);
  const options: Readonly<Record<string, OptionSpec>> = { ...spec.options, help: helpOption };
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type, short }]) => [name, { type, ...(short !== undefined && { short }) }]),
    ),
    // The errors of strict mode name no similar option, and they quote values.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, (string | true)[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(spec, token.rawName, Object.keys(options));
    const value = valueOf(spec, option, token);
    const earlier = values.get(token.name) ?? [];
    if (earlier.length > 0 && option.type === 'string' && option.multiple !== true) {
      throw usageError(`--${token.name} was given twice.`, spec.name);
    }
    values.set(token.name, [...earlier, value]);
  }
  const parsed = new ParsedArguments({ positionals, rest, values });
  if (!parsed.has('help')) checkPositionals(spec, parsed);
  return parsed;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function valueOf(spec: CommandSpec, option: OptionSpec, { name, value, inlineValue }: OptionToken): string | true {
  if (option.type === 'boolean') {
    if (value !== undefined) throw usageError(`--${name} takes no value.`, spec.name);
    return true;
  }
  const expected = `--${name}=${option.hint ?? 'VALUE'}`;
  if (value === undefined || value === '') throw usageError(`--${name} needs a value: ${expected}`, spec.name);
  // `--stage --reveal`: the value was forgotten. With an equals sign, a value may begin with a dash.
  if (value.startsWith('-') && inlineValue !== true) {
    throw usageError(`--${name} needs a value, and an option follows it. Write ${expected}`, spec.name);
  }
  return value;
}

function unknownOption({ name }: CommandSpec, option: string, known: readonly string[]): Error {
  const word = option.replace(/^-+/u, '');
  // One letter is close to every other one.
  const hint = option.startsWith('--') ? suggestion(word, known).replace('"', '"--') : '';
  return usageError(`Unknown option ${shown(option)} of "${name}"${hint || '.'}`, name);
}

function checkPositionals(spec: CommandSpec, { positionals, rest }: ParsedArguments): void {
  const { min, max, what } = spec.positionals;
  if (positionals.length < min) throw usageError(`"${spec.name}" needs ${what}.`, spec.name);
  if (positionals.length > max) {
    const unexpected = positionals.slice(max).map(shown).join(', ');
    const hint = spec.takesCommand === true ? ' Put the command after --.' : '';
    throw usageError(
      `"${spec.name}" takes ${max === 0 ? 'no argument' : what}; unexpected: ${unexpected}.${hint}`,
      spec.name,
    );
  }
  if (spec.takesCommand === true && (rest?.length ?? 0) === 0) {
    throw usageError(`"${spec.name}" needs a command after --, such as: -- node server.js`, spec.name);
  }
  if (spec.takesCommand !== true && rest !== undefined && rest.length > 0) {
    throw usageError(`"${spec.name}" takes no command after --.`, spec.name);
  }
}

/** Without control characters, which could change what the terminal shows, and not longer than a line. */
export function shown(text: string): string {
  const plain = text.replaceAll(/\p{Cc}/gu, '?');
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}
