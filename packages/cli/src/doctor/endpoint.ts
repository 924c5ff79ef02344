import type { LookupFunction } from 'node:net';
import { describeDuration } from '@kms-secrets/core/internal';
import type { Inspection, MadeEndpoint, ResolvedOptions } from '@kms-secrets/core/internal';
import type { Check } from './check.ts';
import { day, dayOf, failed, ok, skipped, warning } from './check.ts';
import { probe } from './probe.ts';
import type { Probe } from './probe.ts';

export interface EndpointContext {
  /** The functions of core that explain an error. */
  readonly core: Inspection;
  readonly options: ResolvedOptions;
  readonly lookup: LookupFunction | undefined;
}

/** The checks of one endpoint, and whether it can be reached. */
export interface EndpointResult {
  readonly checks: readonly Check[];
  readonly isReachable: boolean;
}

const certificateNotice = 14 * day;
/** KMS rejects a signature whose date is further off (ms). */
const maxClockSkew = 15 * 60_000;
const clockNotice = 60_000;

/** DNS, TCP, TLS and the clock of one endpoint. */
export async function checkEndpoint(
  { transport, https }: MadeEndpoint,
  context: EndpointContext,
): Promise<EndpointResult> {
  const { endpoint } = transport;
  if (https === undefined) return { checks: [], isReachable: true };
  if (https.proxy !== undefined) return checkProxy(https.proxy, context);
  const { hostname, port } = new URL(`https://${endpoint}`);
  const result = await probe({
    hostname: hostname.replaceAll(/[[\]]/gu, ''),
    port: Number(port === '' ? 443 : port),
    ca: https.ca,
    timeout: context.options.connectTimeout,
    lookup: context.lookup,
  });
  const explain = (code: string): string => context.core.connectAdvice({ endpoint, proxy: undefined }, code);
  const checks = connectionChecks(endpoint, result, explain);
  if (checks.some(({ status }) => status === 'failed')) return { checks, isReachable: false };
  const tls = checkCertificate(endpoint, result, { core: context.core, isVerified: https.verifyCertificate !== false });
  const clock = checkClock(endpoint, result, context.options.clock.date());
  return { checks: [...checks, tls, ...clock], isReachable: tls.status !== 'failed' };
}

/** Behind a proxy, only the request of a secret shows whether the endpoint responds. */
async function checkProxy(proxy: URL, { options, lookup, core }: EndpointContext): Promise<EndpointResult> {
  const { hostname, port, protocol } = proxy;
  const defaultPort = protocol === 'https:' ? 443 : 80;
  const target = { hostname: hostname.replaceAll(/[[\]]/gu, ''), port: Number(port === '' ? defaultPort : port) };
  const result = await probe({ ...target, ca: undefined, timeout: options.connectTimeout, lookup });
  const subject = `${target.hostname}:${target.port}`;
  // An HTTP proxy does not speak TLS: the connection is all that it shows.
  if (result.failedAt !== 'dns' && result.failedAt !== 'tcp') {
    return { checks: [ok('proxy', subject, `connected to ${result.address}`)], isReachable: true };
  }
  const advice = core.connectAdvice({ endpoint: subject, proxy: subject }, result.code ?? '');
  const message = `${reasonOf(result)}. ${advice} The variables HTTPS_PROXY and NO_PROXY select the proxy.`;
  return { checks: [failed('proxy', subject, message)], isReachable: false };
}

function connectionChecks(endpoint: string, result: Probe, explain: (code: string) => string): readonly Check[] {
  const { failedAt, code = '', address } = result;
  const problem = `${reasonOf(result)}. ${explain(code)}`;
  if (failedAt === 'dns') return [failed('dns', endpoint, problem)];
  const isName = address === undefined || !endpoint.includes(address);
  const dns = isName ? [ok('dns', endpoint, `resolves to ${address ?? 'an address'}`)] : [];
  if (failedAt === 'tcp') return [...dns, failed('tcp', endpoint, problem)];
  const tcp = ok('tcp', endpoint, `connected to ${address}`);
  if (failedAt !== 'tls') return [...dns, tcp];
  const advice = 'Check that the port is that of KMS, and whether a firewall or a proxy closes TLS connections.';
  return [...dns, tcp, failed('tls', endpoint, `the handshake failed (${code}). ${advice}`)];
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'the host name does not resolve'],
  ['EAI_AGAIN', 'the DNS server does not respond'],
  ['ECONNREFUSED', 'the connection is refused'],
  ['ECONNRESET', 'the connection is reset'],
  ['ETIMEDOUT', 'no response in time'],
  ['ENETUNREACH', 'no route to the network'],
  ['EHOSTUNREACH', 'no route to the host'],
]);

function reasonOf({ code = 'unknown error' }: Probe): string {
  const reason = reasons.get(code);
  return reason === undefined ? code : `${reason} (${code})`;
}

function checkCertificate(
  endpoint: string,
  { chain, untrusted, protocol = 'TLS' }: Probe,
  { core, isVerified }: { readonly core: Inspection; readonly isVerified: boolean },
): Check {
  const [leaf] = chain;
  if (untrusted !== undefined && isVerified) {
    const error = Object.assign(new Error(untrusted), { code: untrusted });
    const names = { subject: leaf && `CN=${leaf.subject}`, altNames: leaf?.altNames, validTo: leaf?.validTo };
    const reason = core.describeCertificateError(error, names, false);
    return failed('tls', endpoint, reason ?? `its certificate is not trusted (${untrusted}).`);
  }
  const names = chain.map(({ subject }) => subject).join(' < ');
  const ends = chain.map(({ validTo }) => Date.parse(validTo));
  const first = Math.min(...ends);
  const message = `${protocol}, ${names}, valid to ${dayOf(first)}`;
  if (!isVerified) return warning('tls', endpoint, `${message}; the certificate is not verified (ignoreSslCerts).`);
  if (first - Date.now() < certificateNotice) return warning('tls', endpoint, `${message}: it expires soon.`);
  return ok('tls', endpoint, message);
}

function checkClock(endpoint: string, { date, failedAt }: Probe, now: number): readonly Check[] {
  if (failedAt === 'response')
    return [skipped('clock', endpoint, 'The endpoint sent no response to read the date of.')];
  if (date === undefined) return [skipped('clock', endpoint, 'The response has no date.')];
  // The header has whole seconds.
  const skew = now - date;
  const direction = skew > 0 ? 'ahead of' : 'behind';
  const difference = `${describeDuration(Math.abs(skew))} ${direction} that of the endpoint`;
  if (Math.abs(skew) > maxClockSkew) {
    const message = `the clock of this machine is ${difference}; KMS accepts 15 min. Synchronize it with NTP.`;
    return [failed('clock', endpoint, message)];
  }
  if (Math.abs(skew) > clockNotice) {
    return [warning('clock', endpoint, `the clock of this machine is ${difference}. Synchronize it with NTP.`)];
  }
  const rounded = Math.abs(skew) < 2_000 ? 'less than 2 s' : describeDuration(Math.abs(skew));
  return [ok('clock', endpoint, `differs by ${rounded}`)];
}
