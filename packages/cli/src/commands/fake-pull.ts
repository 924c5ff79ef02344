import { writeFileSync } from 'node:fs';
import { errorCode, inspection, safeMessage } from '@kms-secrets/core/internal';
import type { ListedSecret, SecretTransport } from '@kms-secrets/core/internal';
import type { ParsedArguments } from '../arguments/command.ts';
import { CliError } from '../cli-error.ts';
import { messageOf } from '../doctor/failure.ts';
import { dummyOf, dummyShapeOf, secretsYaml } from '../fake/dummies.ts';
import type { DummySecret } from '../fake/dummies.ts';
import { write } from '../host.ts';
import type { Host } from '../host.ts';
import { clientOptionsOf } from '../open-client.ts';

const timeout = 30_000;

/** The command `fake pull`: writes a file for the fake with the secrets of a real account, their values replaced by dummies. */
export async function run(host: Host, args: ParsedArguments): Promise<number> {
  const { inspectClient, listSecrets } = await inspection();
  const { endpoints, identity, issues, options } = inspectClient(host.machine, clientOptionsOf(host, args));
  const [issue] = issues;
  if (issue !== undefined)
    throw new CliError(`Invalid configuration: ${issue.key} (${issue.source}): expected ${issue.expected}.`);
  const endpoint = endpoints.find(({ https, transport }) => https !== undefined && transport.fetchMany !== undefined);
  if (endpoint === undefined || identity === undefined) {
    throw new CliError('The configuration has no endpoint of a region: the API of an instance does not list secrets.');
  }
  const signal = AbortSignal.timeout(timeout);
  const listed = await explained(listSecrets(endpoint, identity, signal));
  const prefix = args.get('prefix') ?? '';
  const selected = listed.filter(({ name }) => name.startsWith(prefix));
  const secrets = args.has('names-only')
    ? selected.map((secret) => ({ ...secret, value: dummyOf(secret.type) }))
    : await shapesOf(selected, { transport: endpoint.transport, stage: options.stage });
  await endpoint.transport.close();
  const text = secretsYaml(secrets);
  const output = args.get('output');
  if (output === undefined) await write(host.stdout, text);
  else {
    save(output, text);
    await write(host.stderr, `kms-secrets: Wrote ${secrets.length} secrets with dummy values to ${output}.\n`);
  }
  return 0;
}

/** Reads each value, and keeps of it only the names of its properties and their types. */
async function shapesOf(
  listed: readonly ListedSecret[],
  { transport, stage }: { readonly transport: SecretTransport; readonly stage: string },
): Promise<readonly DummySecret[]> {
  const secrets: DummySecret[] = [];
  for (const { name, type } of listed) {
    const secret = await explained(transport.fetch({ name, stage }, AbortSignal.timeout(timeout)));
    if (secret.dataType === 'binary') secrets.push({ name, type, value: 'ZHVtbXk=', dataType: 'binary' });
    else secrets.push({ name, type, value: dummyShapeOf(secret.text()) });
  }
  return secrets;
}

async function explained<Value>(result: Promise<Value>): Promise<Value> {
  try {
    return await result;
  } catch (error) {
    throw new CliError(messageOf(error) ?? safeMessage(error));
  }
}

/** Never over another file, which could have real values. */
function save(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error';
    if (code === 'EEXIST') throw new CliError(`${path} exists. Remove it, or choose another name with --output.`);
    throw new CliError(`${path} could not be written (${code}).`);
  }
}
