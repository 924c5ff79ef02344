import { parseArgs } from 'node:util';

import type { FakeKmsOptions } from '../fake-kms/options.ts';
import { identityNames } from './identities.ts';
import type { IdentityName } from './identities.ts';
import { Mistake } from './cli-error.ts';

export const usage = `fake-kms SECRETS-FILE [options]

Serves the secrets of a JSON or YAML file as a strict fake of Alibaba Cloud KMS on 127.0.0.1, until it is stopped.

  --port N           port of the first region; the next ones get the ports after it (any free one)
  --regions A,B      regions to serve (cn-hangzhou)
  --instances A,B    KMS instances to serve, in the first region; ids begin with kst- (none)
  --as IDENTITY      who the printed settings make a client: ak (the default), client_key,
                     instance (a client key of an instance, by its own API), ram_role,
                     oidc_role_arn, credentials_uri
  --properties FILE  where to write the secretsmanager.properties (a temporary file)
  --admin            also start the admin API, for other processes to drive the fake
  --http             HTTP without TLS
  --help             this text

The file holds one entry a secret, with just its value or with more:

  prod/db: the-value
  prod/cache: { value: the-value, dataType: binary, versionId: v1 }

It prints lines to export, and a line with "ready" when it can be asked. It never prints a value.
`;

/** What to serve, and how. */
export interface ServeCommand {
  readonly file: string;
  readonly options: FakeKmsOptions;
  readonly propertiesFile: string | undefined;
  readonly isAdmin: boolean;
  readonly identity: IdentityName;
}

export function readArguments(argv: readonly string[]): ServeCommand | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true) return 'help';
  const [file, ...more] = positionals;
  if (file === undefined) throw wrongCommand('Which file of secrets is to be served?');
  if (more.length > 0) throw wrongCommand(`One file is served at a time; ${more.join(', ')} would be left over.`);
  const identity = readIdentity(values.as ?? 'ak');
  // Who is to ask instances must have one.
  const instances = values.instances ?? (identity === 'instance' ? 'kst-fake0001' : undefined);
  const options: FakeKmsOptions = {
    ...(values.port !== undefined && { port: readPort(values.port) }),
    ...(values.regions !== undefined && { regions: readList(values.regions) }),
    ...(instances !== undefined && { instances: readList(instances) }),
    ...(values.http === true && { plainHttp: true }),
  };
  return { file, options, propertiesFile: values.properties, isAdmin: values.admin === true, identity };
}

interface Parsed {
  readonly values: {
    readonly port?: string | undefined;
    readonly regions?: string | undefined;
    readonly instances?: string | undefined;
    readonly as?: string | undefined;
    readonly properties?: string | undefined;
    readonly admin?: boolean | undefined;
    readonly http?: boolean | undefined;
    readonly help?: boolean | undefined;
  };
  readonly positionals: readonly string[];
}

function parse(argv: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        regions: { type: 'string' },
        instances: { type: 'string' },
        as: { type: 'string' },
        properties: { type: 'string' },
        admin: { type: 'boolean' },
        http: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw wrongCommand(error instanceof Error ? error.message : 'The options cannot be read.');
  }
}

function readList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function readIdentity(text: string): IdentityName {
  const name = identityNames.find((known) => known === text);
  if (name !== undefined) return name;
  throw wrongCommand(`--as takes one of ${identityNames.join(', ')}, not ${JSON.stringify(text)}.`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw wrongCommand(`--port takes a number up to 65535, not ${JSON.stringify(text)}.`);
}

function wrongCommand(message: string): Mistake {
  return new Mistake(`${message}\nTry: fake-kms --help`, 2);
}
