import type { CommandSpec, OptionSpec } from './command.ts';
import { helpOption } from './parse.ts';

const width = 96;
const maxOptionColumn = 30;

/** The text of `kms-secrets COMMAND --help`. */
export function commandHelp(spec: CommandSpec): string {
  const options = Object.entries<OptionSpec>({ ...spec.options, help: helpOption });
  const rows = options.map(([name, option]) => [optionLabel(name, option), option.text] as const);
  const usage = `Usage: kms-secrets ${spec.name} ${spec.usage}`.trimEnd();
  return `${usage}\n\n${spec.description.trim()}\n\nOptions:\n${table(rows)}`;
}

/** The text of `kms-secrets --help`. */
export function overview(specs: readonly CommandSpec[]): string {
  const rows = specs.map(({ name, summary }) => [name, summary] as const);
  return `Usage: kms-secrets COMMAND [options]

Reads secrets of Alibaba Cloud KMS. The settings are those of @kms-secrets/core: environment variables, and the file
secretsmanager.properties in the working directory.

Commands:
${table(rows)}
Run kms-secrets COMMAND --help for the options of a command, and kms-secrets --version for the version.
`;
}

function optionLabel(name: string, { short, type, hint = 'VALUE' }: OptionSpec): string {
  const long = type === 'string' ? `--${name} ${hint}` : `--${name}`;
  return short === undefined ? `    ${long}` : `-${short}, ${long}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const column = Math.min(maxOptionColumn, Math.max(...rows.map(([label]) => label.length)) + 2);
  return rows
    .map(([label, text]) => {
      const [first = '', ...more] = wrap(text, width - column - 2);
      const indent = ' '.repeat(column + 2);
      const start = label.length < column ? `  ${label.padEnd(column)}${first}` : `  ${label}\n${indent}${first}`;
      return [start, ...more.map((line) => indent + line)].join('\n') + '\n';
    })
    .join('');
}

function wrap(text: string, length: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < length) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
