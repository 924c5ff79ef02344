import { clientOptions, configOption } from './arguments/client-options.ts';
import type { CommandSpec } from './arguments/command.ts';
import { exitCodes } from './cli-error.ts';
import { run as runGet } from './commands/get.ts';

const get: CommandSpec = {
  name: 'get',
  summary: 'Print the value of a secret.',
  usage: 'NAME [options]',
  description: `Writes the value of a secret to standard output as it is, without a line break after it. A terminal gets the value only with
--reveal. NAME is the name or the ARN of a secret.

  kms-secrets get prod/db --key AccountPassword | psql-login
  kms-secrets get prod/tls > tls.pem`,
  options: {
    key: {
      type: 'string',
      short: 'k',
      hint: 'PATH',
      text: 'Print one property of a JSON secret. A dot separates the properties of a path, such as users.0.name; write a dot in a name as \\\\.'.replace(
        '\\\\',
        '\\',
      ),
    },
    stage: { type: 'string', hint: 'STAGE', text: 'The version stage to read, such as ACSPrevious.' },
    version: { type: 'string', hint: 'ID', text: 'The version to read.' },
    base64: { type: 'boolean', text: 'Decode the value of a binary secret from base64.' },
    reveal: { type: 'boolean', text: 'Print the value although standard output is a terminal.' },
    ...clientOptions,
  },
  positionals: { min: 1, max: 1, what: 'the name of one secret' },
  // Not loaded later: its start is what people wait for, and each file costs about 0.8 ms.
  load: () => Promise.resolve({ run: runGet }),
};

const exec: CommandSpec = {
  name: 'exec',
  summary: 'Start a program with secrets in its environment or in file descriptors.',
  usage: '[--env VARIABLE=SECRET[:KEY]]… [--fd N=SECRET[:KEY]]… [options] -- COMMAND [ARGUMENT]…',
  description: `Starts a program with secrets in its environment or in file descriptors, never in its arguments, which every user of the
machine can read. KEY is a path in a JSON secret, as for "get --key".

  kms-secrets exec --env DB_PASSWORD=prod/db:AccountPassword --fd 3=prod/tls -- node server.js

The program keeps the terminal, and it receives every signal, except the SIGINT of a Ctrl-C, which it gets from the terminal.
The exit code is that of the program, or 128 + the number of the signal that ended it. 125: the secrets could not be read,
126: the program could not be started, 127: it does not exist.`,
  options: {
    env: {
      type: 'string',
      short: 'e',
      multiple: true,
      hint: 'VAR=SECRET[:KEY]',
      text: 'Set an environment variable. Repeatable.',
    },
    fd: {
      type: 'string',
      multiple: true,
      hint: 'N=SECRET[:KEY]',
      text: 'Open file descriptor N, from 3 to 63, with the value. The program reads it once, as /dev/fd/N. Repeatable.',
    },
    stage: { type: 'string', hint: 'STAGE', text: 'The version stage of all secrets.' },
    'restart-on-rotation': {
      type: 'boolean',
      text: 'Restart the program when one of the secrets has a new version: SIGTERM, then SIGKILL after --stop-timeout.',
    },
    'stop-timeout': {
      type: 'string',
      hint: 'DURATION',
      text: 'How long the program may take to stop for a restart. Default: 10s.',
    },
    mask: {
      type: 'boolean',
      text: 'Replace the values by *** in what the program writes to standard output and standard error. Both become pipes.',
    },
    ...clientOptions,
  },
  positionals: { min: 0, max: 0, what: 'only options before --' },
  takesCommand: true,
  failureExitCode: exitCodes.notStarted,
  load: () => import('./commands/exec.ts'),
};

const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'Find out why a secret cannot be read.',
  usage: '[NAME]… [options]',
  description: `Examines the configuration, the credentials, each endpoint and the store, and reads each NAME, or the secrets of the option preload,
once from each endpoint. It prints one line for each check: what it found, and what to do. It prints no value, key or token.

Exit code: 0 if no check failed, 1 if one did.`,
  options: {
    json: { type: 'boolean', text: 'Print the checks as JSON.' },
    stage: { type: 'string', hint: 'STAGE', text: 'The version stage to read.' },
    ...clientOptions,
  },
  positionals: { min: 0, max: 100, what: 'up to 100 names of secrets' },
  load: () => import('./commands/doctor.ts'),
};

const watch: CommandSpec = {
  name: 'watch',
  summary: 'Show versions, ages, refreshes, rotations and failures of secrets.',
  usage: '[NAME]… [options]',
  description: `Keeps each NAME, or the secrets of the option preload, fresh as an application does, and shows them: as a live table at a terminal,
as a line for each event elsewhere. It shows no value. Ctrl-C ends it.`,
  options: {
    interval: { type: 'string', hint: 'DURATION', text: 'The time between two drawings of the table. Default: 1s.' },
    stage: { type: 'string', hint: 'STAGE', text: 'The version stage of all secrets.' },
    ...clientOptions,
  },
  positionals: { min: 0, max: 1_000, what: 'up to 1000 names of secrets' },
  load: () => import('./commands/watch.ts'),
};

const fake: CommandSpec = {
  name: 'fake',
  summary: 'Serve a file of secrets as a fake KMS, for development and tests.',
  usage: 'SECRETS-FILE [options]',
  description: 'Runs the fake KMS of @kms-secrets/testing.',
  options: {},
  positionals: { min: 0, max: 100, what: 'the arguments of the fake' },
  isRaw: true,
  load: () => import('./commands/fake.ts'),
};

const fakeRotate: CommandSpec = {
  name: 'fake rotate',
  summary: 'Rotate a secret of a running fake.',
  usage: 'NAME [options]',
  description: `Creates a new current version of a secret at a fake that was started with --admin. Without --value-file, the fake generates the
value, in the format of the type of the secret.`,
  options: {
    admin: { type: 'string', hint: 'URL', text: 'The address of the admin API. Default: the variable FAKE_KMS_ADMIN.' },
    'value-file': { type: 'string', hint: 'FILE', text: 'A file with the new value, as it is.' },
  },
  positionals: { min: 1, max: 1, what: 'the name of one secret' },
  load: () => import('./commands/fake-rotate.ts'),
};

const fakePull: CommandSpec = {
  name: 'fake pull',
  summary: 'Write a secrets file for the fake, with the names of a real account and dummy values.',
  usage: '[options]',
  description: `Lists the secrets of the account and writes a secrets file for "kms-secrets fake". Of each value it keeps only the names of its JSON
properties and their types; the values are dummies. With --names-only it reads no value at all. It needs the permission
kms:ListSecrets.`,
  options: {
    'names-only': { type: 'boolean', text: 'Read no value: the shape of a value follows from the type of the secret.' },
    prefix: { type: 'string', hint: 'TEXT', text: 'Only secrets whose name begins with this text.' },
    output: {
      type: 'string',
      short: 'o',
      hint: 'FILE',
      text: 'Write to this new file, such as secrets.local.yaml. Default: standard output.',
    },
    config: configOption,
  },
  positionals: { min: 0, max: 0, what: 'only options' },
  load: () => import('./commands/fake-pull.ts'),
};

const completion: CommandSpec = {
  name: 'completion',
  summary: 'Print the completion script of bash, zsh or fish.',
  usage: 'bash|zsh|fish',
  description: `Prints a script that completes commands and options.

  source <(kms-secrets completion bash)
  kms-secrets completion zsh > "\${fpath[1]}/_kms-secrets"
  kms-secrets completion fish > ~/.config/fish/completions/kms-secrets.fish`,
  options: {},
  positionals: { min: 1, max: 1, what: 'the name of a shell: bash, zsh or fish' },
  async load() {
    const { run } = await import('./commands/completion.ts');
    return { run: (host, args) => run(host, args, commands) };
  },
};

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [get, exec, doctor, watch, fake, fakeRotate, fakePull, completion];
