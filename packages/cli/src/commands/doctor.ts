import { inspection } from '@kms-secrets/core/internal';
import type { ClientInspection, Inspection } from '@kms-secrets/core/internal';
import type { ParsedArguments } from '../arguments/command.ts';
import { exitCodes } from '../cli-error.ts';
import type { Check } from '../doctor/check.ts';
import { skipped } from '../doctor/check.ts';
import { checkConfiguration, checkExpiries } from '../doctor/configuration.ts';
import { checkCredentials } from '../doctor/credentials.ts';
import { checkEndpoint } from '../doctor/endpoint.ts';
import { checkNodeVersion } from '../doctor/node-version.ts';
import { hasFailed, reportJson, reportText } from '../doctor/report.ts';
import { checkSecrets } from '../doctor/secrets.ts';
import { checkStore } from '../doctor/stores.ts';
import { write } from '../host.ts';
import type { Host } from '../host.ts';
import { clientOptionsOf } from '../open-client.ts';

/** The command `doctor`: finds out why a secret cannot be read. */
export async function run(host: Host, args: ParsedArguments): Promise<number> {
  const core = await inspection();
  const inspected = core.inspectClient(host.machine, clientOptionsOf(host, args));
  const credentials = await checkCredentials(inspected);
  const isWithoutCredentials = hasFailed(credentials);
  const checks: Check[] = [
    checkNodeVersion(host.nodeVersion),
    ...checkConfiguration(inspected),
    ...checkExpiries(inspected),
    ...credentials,
    ...(await checkEndpoints(host, args, { core, inspected, isWithoutCredentials })),
    ...(await checkStore(host, args)),
  ];
  await write(host.stdout, args.has('json') ? reportJson(checks) : reportText(checks));
  return hasFailed(checks) ? exitCodes.failed : 0;
}

interface EndpointsContext {
  readonly core: Inspection;
  readonly inspected: ClientInspection;
  readonly isWithoutCredentials: boolean;
}

async function checkEndpoints(
  host: Host,
  args: ParsedArguments,
  { core, inspected, isWithoutCredentials }: EndpointsContext,
): Promise<readonly Check[]> {
  const { options, endpoints } = inspected;
  const names = [...new Set([...args.positionals, ...options.preload])];
  const stage = args.get('stage') ?? options.stage;
  const context = { core, options, lookup: host.lookup };
  const secrets = { names, stage, timeout: options.attemptTimeout, isWithoutCredentials };
  const results = await Promise.all(
    endpoints.map(async (endpoint) => {
      try {
        const { checks, isReachable } = await checkEndpoint(endpoint, context);
        if (isReachable) return [...checks, ...(await checkSecrets(endpoint, secrets))];
        const { endpoint: name } = endpoint.transport;
        return [...checks, ...names.map((each) => skipped('secret', each, `${name} cannot be reached.`))];
      } finally {
        await endpoint.transport.close();
      }
    }),
  );
  return results.flat();
}
