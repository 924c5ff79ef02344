import type { OptionSpec, OptionSpecs } from './command.ts';

export const configOption: OptionSpec = {
  type: 'string',
  hint: 'FILE',
  text: 'Read the settings from this file instead of secretsmanager.properties in the working directory.',
};

/** The options of every command that reads secrets. `openClient` reads them. */
export const clientOptions: OptionSpecs = {
  config: configOption,
  store: {
    type: 'string',
    hint: 'PATH',
    text: 'Use the encrypted store in this folder, or the Redis store at this redis:// URL, as the application does. Its secrets are used while KMS is unavailable. Default: the variable KMS_SECRETS_CLI_STORE. The key is in KMS_SECRETS_CLI_STORE_KEY or --store-key-file, a passphrase in KMS_SECRETS_CLI_STORE_PASSPHRASE.',
  },
  'store-key-file': { type: 'string', hint: 'FILE', text: 'The file with the key of the store.' },
  'store-prefix': { type: 'string', hint: 'TEXT', text: 'The prefix of the Redis store. Default: kms-secrets.' },
  timeout: {
    type: 'string',
    hint: 'DURATION',
    text: 'How long to wait for KMS, such as 5s. Default: the option deadline of the client.',
  },
  verbose: { type: 'boolean', short: 'v', text: 'Write the log of the client to standard error.' },
};
