import { request } from 'node:http';
import { errorCode } from '@kms-secrets/core/internal';
import type { ParsedArguments } from '../arguments/command.ts';
import { CliError, usageError } from '../cli-error.ts';
import { write } from '../host.ts';
import type { Host } from '../host.ts';

const maxResponseBytes = 65_536;
const timeout = 10_000;

/** The command `fake rotate`: creates a new version of a secret at a running fake. */
export async function run(host: Host, args: ParsedArguments): Promise<number> {
  const [name = ''] = args.positionals;
  const address = args.get('admin') ?? host.machine.environment['FAKE_KMS_ADMIN'];
  if (address === undefined || !address.startsWith('http://') || !URL.canParse(address)) {
    throw usageError(
      'Set FAKE_KMS_ADMIN, which "kms-secrets fake --admin" prints, or pass --admin=URL.',
      'fake rotate',
    );
  }
  const value = readValue(host, args.get('value-file'));
  const answer = await post(new URL('/rotate', address), { name, ...(value !== undefined && { value }) });
  await write(host.stdout, `${name}: ${answer}\n`);
  return 0;
}

/** A value is never an argument, which every user of the machine can read. Without a file, the fake generates one. */
function readValue({ machine }: Host, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(machine.readFile(file));
  } catch (error) {
    throw new CliError(`The value could not be read from ${file} (${errorCode(error) ?? 'not UTF-8'}).`);
  }
}

function post(url: URL, body: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const fail = (error: Error): void => {
      const advice = 'Check that it runs and was started with --admin.';
      reject(
        new CliError(`The fake at ${url.host} cannot be reached (${errorCode(error) ?? 'unknown error'}). ${advice}`),
      );
    };
    const sent = request(url, { method: 'POST', headers, timeout }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', fail);
      response.on('data', (chunk: string) => {
        if (text.length < maxResponseBytes) text += chunk;
      });
      response.on('end', () => {
        const { versionId, message } = fieldsOf(text);
        if (response.statusCode === 200) resolve(`version ${versionId ?? 'unknown'}`);
        else reject(new CliError(`The fake responded with status ${response.statusCode}: ${message ?? 'no reason'}`));
      });
    });
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    sent.on('error', fail);
    sent.end(JSON.stringify(body));
  });
}

function fieldsOf(text: string): { readonly versionId?: string; readonly message?: string } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return {};
    const fields = new Map<string, unknown>(Object.entries(parsed));
    const [versionId, message] = ['versionId', 'message'].map((name) => fields.get(name));
    return {
      ...(typeof versionId === 'string' && { versionId }),
      ...(typeof message === 'string' && { message }),
    };
  } catch {
    return {};
  }
}
