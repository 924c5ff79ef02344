import { parseArgs } from 'node:util';

import type { FakeKmsOptions } from '../fake-kms/options.ts';
import { CliError } from './cli-error.ts';
import { identityNames } from './identities.ts';
import type { IdentityName } from './identities.ts';
import { isError } from '@kms-secrets/core';

export const usage = `fake-kms SECRETS-FILE [options]

Serves the secrets of a JSON or YAML file as a strict fake of Alibaba Cloud KMS on 127.0.0.1, until it is stopped.

  --port N           port of the first region; further endpoints use the following ports
                     (default: free ports)
  --sts-port N       port of STS (default: a free port)
  --regions A,B      regions to serve (default: cn-hangzhou)
  --instances A,B    KMS instances to serve in the first region; ids begin with kst- (default: none)
  --as IDENTITY      credentials in the printed settings: ak, client_key, instance (a client key for
                     the instance API), ram_role, oidc_role_arn, credentials_uri (default: ak)
  --properties FILE  path of the secretsmanager.properties to write (default: a temporary file)
  --watch            read the file again when it changes: an edited secret is rotated
  --admin            start the admin API, to control the fake from other processes
  --http             HTTP without TLS
  --events-to URL    send a signed event to this URL when a secret changes, as EventBridge does
  --events-token T   the token of that target
  --callbacks-to URL send an unsigned event to this URL after a rotation, as CloudMonitor does
  --events-queue Q   start a fake of MNS with this queue, and send the events to it
  --help             print this text

The file has one entry per secret, either its value or an object:

  prod/db: the-value
  prod/cache: { value: the-value, dataType: binary, versionId: v1 }
  prod/api: { user: app, password: the-value }   # a JSON secret; put it under value: if it
                                                 # has a field named like one of the above

Examples for the admin API (POST with JSON; the README has one for every path):

  /put         {"name": "prod/db", "value": "the-value"}
  /rotate      {"name": "prod/db", "value": "a-new-value"}
  /deny        {"name": "prod/db"}
  /fault       {"kind": "throttle", "region": "cn-hangzhou", "times": 3}
  /clock/pass  {"ms": 60000}

The command prints settings to export, then a line with "ready". It never prints a secret value.
`;

export interface ServeCommand {
  readonly file: string;
  readonly options: FakeKmsOptions;
  readonly propertiesFile: string | undefined;
  readonly isAdmin: boolean;
  readonly isWatching: boolean;
  readonly identity: IdentityName;
  readonly events: EventOptions;
}

/** Where the events go. */
export interface EventOptions {
  /** The URL of a target of EventBridge. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** The URL of a callback of CloudMonitor. */
  readonly callback: string | undefined;
  /** The name of a queue of MNS. */
  readonly queue: string | undefined;
}

/** Throws a `CliError` with exit code 2 for wrong usage. */
export function parseArguments(argv: readonly string[]): ServeCommand | 'help' {
  const { values, positionals } = parseOptions(argv);
  if (values.help === true) return 'help';
  const [file, ...more] = positionals;
  if (file === undefined) throw usageError('The secrets file is missing.');
  if (more.length > 0) throw usageError(`Only one secrets file is supported; unexpected: ${more.join(', ')}.`);
  const identity = parseIdentity(values.as ?? 'ak');
  const instances = values.instances ?? (identity === 'instance' ? 'kst-fake0001' : undefined);
  const options: FakeKmsOptions = {
    ...(values.port !== undefined && { port: parsePort('--port', values.port) }),
    ...(values['sts-port'] !== undefined && { stsPort: parsePort('--sts-port', values['sts-port']) }),
    ...(values.regions !== undefined && { regions: parseList(values.regions) }),
    ...(instances !== undefined && { instances: parseList(instances) }),
    ...(values.http === true && { plainHttp: true }),
  };
  return {
    file,
    options,
    propertiesFile: values.properties,
    isAdmin: values.admin === true,
    isWatching: values.watch === true,
    identity,
    events: parseEvents(values),
  };
}

function parseEvents(values: ParsedOptions['values']): EventOptions {
  const { 'events-to': url, 'events-token': token, 'callbacks-to': callback, 'events-queue': queue } = values;
  if (token !== undefined && url === undefined) throw usageError('--events-token needs --events-to.');
  if (queue !== undefined && !/^[\w-]{1,256}$/u.test(queue)) {
    throw usageError('--events-queue must be the name of a queue: letters, digits, _ and -.');
  }
  checkUrl('--events-to', url);
  checkUrl('--callbacks-to', callback);
  return { url, token, callback, queue };
}

/** Without the text in the message: the URL of a callback ends with a token. */
function checkUrl(option: string, text: string | undefined): void {
  if (text === undefined || (URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol))) return;
  throw usageError(`${option} must be a URL that begins with http:// or https://.`);
}

interface ParsedOptions {
  readonly values: {
    readonly port?: string | undefined;
    readonly 'sts-port'?: string | undefined;
    readonly regions?: string | undefined;
    readonly instances?: string | undefined;
    readonly as?: string | undefined;
    readonly properties?: string | undefined;
    readonly admin?: boolean | undefined;
    readonly watch?: boolean | undefined;
    readonly http?: boolean | undefined;
    readonly 'events-to'?: string | undefined;
    readonly 'events-token'?: string | undefined;
    readonly 'callbacks-to'?: string | undefined;
    readonly 'events-queue'?: string | undefined;
    readonly help?: boolean | undefined;
  };
  readonly positionals: readonly string[];
}

function parseOptions(argv: readonly string[]): ParsedOptions {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        'sts-port': { type: 'string' },
        regions: { type: 'string' },
        instances: { type: 'string' },
        as: { type: 'string' },
        properties: { type: 'string' },
        admin: { type: 'boolean' },
        watch: { type: 'boolean' },
        http: { type: 'boolean' },
        'events-to': { type: 'string' },
        'events-token': { type: 'string' },
        'callbacks-to': { type: 'string' },
        'events-queue': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usageError(isError(error) ? error.message : 'The options are invalid.');
  }
}

function parseList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function parseIdentity(text: string): IdentityName {
  const name = identityNames.find((identity) => identity === text);
  if (name !== undefined) return name;
  throw usageError(`--as must be one of ${identityNames.join(', ')}, got ${JSON.stringify(text)}.`);
}

function parsePort(option: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw usageError(`${option} must be a number up to 65535, got ${JSON.stringify(text)}.`);
}

function usageError(message: string): CliError {
  return new CliError(`${message}\nTry: fake-kms --help`, 2);
}
