import type { CommandSpec, OptionSpec } from '../arguments/command.ts';
import { helpOption } from '../arguments/parse.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script that completes commands and options in a shell. It contains no code of the user, and sends no request. */
export function completionScript(shell: Shell, commands: readonly CommandSpec[]): string {
  const script = { bash, zsh, fish }[shell];
  return script(commands);
}

const optionsOf = ({ options }: CommandSpec): readonly (readonly [string, OptionSpec])[] =>
  Object.entries<OptionSpec>({ ...options, help: helpOption });

/** Words of these characters need no quotes in any shell. */
const isPlain = (text: string): boolean => /^[\w./-]+$/u.test(text);

function wordsOf(spec: CommandSpec): string {
  return optionsOf(spec)
    .map(([name]) => `--${name}`)
    .filter(isPlain)
    .join(' ');
}

/** `--config|--store-key-file`: the options whose value is a file, as a pattern of `case`. */
function patternOf(commands: readonly CommandSpec[], hints: readonly string[]): string {
  const names = commands
    .flatMap(optionsOf)
    .flatMap(([name, { hint = '' }]) => (hints.includes(hint) ? [`--${name}`] : []));
  return [...new Set(names)].join('|');
}

function valueOptions(commands: readonly CommandSpec[]): string {
  const names = commands
    .flatMap(optionsOf)
    .flatMap(([name, { type, short }]) =>
      type === 'string' ? [`--${name}`, ...(short === undefined ? [] : [`-${short}`])] : [],
    );
  return [...new Set(names)].join('|');
}

function bash(commands: readonly CommandSpec[]): string {
  const cases = commands.map((spec) => `    ${quote(spec.name)}) words=${quote(wordsOf(spec))} ;;`);
  return `# kms-secrets completion for bash. Add to ~/.bashrc: source <(kms-secrets completion bash)
_kms_secrets() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words index
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quote(`${firstWords(commands)} --help --version`)} -- "$current"))
    return
  fi
  for ((index = 2; index < COMP_CWORD; index++)); do
    if [ "\${COMP_WORDS[index]}" = -- ]; then
      if ((index + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
      return
    fi
  done
  case "$previous" in
    ${patternOf(commands, ['FILE', 'PATH'])}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${valueOptions(commands)}) return ;;
  esac
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$command \${COMP_WORDS[2]}" in
      ${twoWords(commands).map(quote).join('|')}) command="$command \${COMP_WORDS[2]}" ;;
    esac
  fi
  case "$command" in
${cases.join('\n')}
    *) return ;;
  esac
  case "$command" in
    completion) words="$words ${shells.join(' ')}" ;;
    fake) words="$words ${secondWords(commands, 'fake')} $(compgen -f -- "$current")" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -F _kms_secrets kms-secrets
`;
}

function zsh(commands: readonly CommandSpec[]): string {
  const summaries = commands
    .filter(({ name }) => !name.includes(' '))
    .map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map((spec) => {
    const options = optionsOf(spec).map(([name, option]) => `        ${quote(zshOption(name, option))}`);
    const rest = spec.takesCommand === true ? ["        '*::command:_normal'"] : ["        '*:argument:_default'"];
    return `    ${quote(spec.name)})\n      _arguments -s \\\n${[...options, ...rest].join(' \\\n')}\n      ;;`;
  });
  return `#compdef kms-secrets
# kms-secrets completion for zsh. Save as _kms-secrets in a folder of $fpath: kms-secrets completion zsh > _kms-secrets
_kms_secrets() {
  local -a commands
  commands=(
${summaries.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case "$command $words[2]" in
    ${twoWords(commands).map(quote).join('|')})
      if (( CURRENT > 2 )); then command="$command $words[2]"; shift words; (( CURRENT-- )); fi
      ;;
  esac
  case "$command" in
${cases.join('\n')}
  esac
}
if [[ "$funcstack[1]" == _kms-secrets ]]; then _kms_secrets "$@"; else compdef _kms_secrets kms-secrets; fi
`;
}

function zshOption(name: string, { type, text, hint = 'value', multiple }: OptionSpec): string {
  const description = text.replaceAll(/[[\]:]/gu, String.raw`\$&`);
  const action = hint === 'FILE' || hint === 'PATH' ? '_files' : '';
  const repeated = multiple === true ? '*' : '';
  return `${repeated}--${name}[${description}]${
    type === 'string'
      ? `:${hint
          .toLowerCase()
          .replaceAll(/[^a-z]+/gu, ' ')
          .trim()}:${action}`
      : ''
  }`;
}

function fish(commands: readonly CommandSpec[]): string {
  const first = commands.filter(({ name }) => !name.includes(' '));
  const names = first.map(({ name }) => name).join(' ');
  const lines = first.map(
    ({ name, summary }) =>
      `complete -c kms-secrets -n 'not __fish_seen_subcommand_from ${names}' -f -a ${name} -d ${quote(summary)}`,
  );
  const options = commands.flatMap((spec) =>
    optionsOf(spec).map(([name, { type, short, text, hint }]) => {
      const condition = spec.name
        .split(' ')
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join('; and ');
      const value = type === 'boolean' ? '' : hint === 'FILE' || hint === 'PATH' ? ' -r -F' : ' -x';
      return `complete -c kms-secrets -n ${quote(condition)} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value} -d ${quote(text)}`;
    }),
  );
  const shellLine = `complete -c kms-secrets -n '__fish_seen_subcommand_from completion' -f -a '${shells.join(' ')}'`;
  const fakeLine = `complete -c kms-secrets -n '__fish_seen_subcommand_from fake' -a '${secondWords(commands, 'fake')}'`;
  const title =
    '# kms-secrets completion for fish. kms-secrets completion fish > ~/.config/fish/completions/kms-secrets.fish';
  return `${[title, ...lines, shellLine, fakeLine, ...options].join('\n')}\n`;
}

function firstWords(commands: readonly CommandSpec[]): string {
  return commands.flatMap(({ name }) => (name.includes(' ') ? [] : [name])).join(' ');
}

function twoWords(commands: readonly CommandSpec[]): readonly string[] {
  return commands.flatMap(({ name }) => (name.includes(' ') ? [name] : []));
}

function secondWords(commands: readonly CommandSpec[], first: string): string {
  return twoWords(commands)
    .flatMap((name) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []))
    .join(' ');
}

/** For all three shells: in single quotes, only the single quote itself needs escaping. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
