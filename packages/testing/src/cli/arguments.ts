import { parseArgs } from 'node:util';

import type { FakeKmsOptions } from '../fake-kms/options.ts';
import { Mistake } from './mistake.ts';

export const usage = `fake-kms SECRETS-FILE [options]

Serves the secrets of a JSON or YAML file as a strict fake of Alibaba Cloud KMS on 127.0.0.1, until it is stopped.

  --port N           port of the first region; the next ones get the ports after it (any free one)
  --regions A,B      regions to serve (cn-hangzhou)
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
}

export function readArguments(argv: readonly string[]): ServeCommand | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true) return 'help';
  const [file, ...more] = positionals;
  if (file === undefined) throw wrongCommand('Which file of secrets is to be served?');
  if (more.length > 0) throw wrongCommand(`One file is served at a time; ${more.join(', ')} would be left over.`);
  const options: FakeKmsOptions = {
    ...(values.port !== undefined && { port: readPort(values.port) }),
    ...(values.regions !== undefined && { regions: values.regions.split(',').map((region) => region.trim()) }),
    ...(values.http === true && { plainHttp: true }),
  };
  return { file, options, propertiesFile: values.properties, isAdmin: values.admin === true };
}

interface Parsed {
  readonly values: {
    readonly port?: string | undefined;
    readonly regions?: string | undefined;
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

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw wrongCommand(`--port takes a number up to 65535, not ${JSON.stringify(text)}.`);
}

function wrongCommand(message: string): Mistake {
  return new Mistake(`${message}\nTry: fake-kms --help`, 2);
}
