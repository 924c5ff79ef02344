import type * as Net from 'node:net';
import { builtinModule } from '../platform/builtin-module.ts';
import type { ConfigurationIssue } from '../secret/errors.ts';
import { unquoted } from './text-source.ts';

/** Loaded on demand: only `NO_PROXY` compares addresses. */
const net = (): typeof Net => builtinModule('node:net');

/** The proxy for a host, or an issue if the configured one is unusable. */
export interface ProxyResult {
  readonly proxy?: URL | undefined;
  readonly issue?: ConfigurationIssue | undefined;
}

/**
 * Resolves the proxy for an HTTPS host from `HTTPS_PROXY`, then `ALL_PROXY`, unless `NO_PROXY` bypasses it. As in curl, the
 * lower-case variables take precedence.
 *
 * The package `proxy-from-env` reads `process.env` directly, so tests would have to change the environment of the process.
 * It also matches `example.com` in `NO_PROXY` exactly, where curl, Go and Python match its subdomains too.
 */
export function proxyFor(host: string, environment: Readonly<Record<string, string | undefined>>): ProxyResult {
  const variable = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find((name) =>
    isProxySet(environment[name]),
  );
  if (variable === undefined) return {};
  const noProxy = unquoted(environment['no_proxy'] ?? environment['NO_PROXY']) ?? '';
  if (isBypassed(host, noProxy)) return {};
  const proxy = parseProxy(unquoted(environment[variable]) ?? '');
  if (proxy !== undefined) return { proxy };
  // The value is not shown: the URL of a proxy may contain its password.
  const expected = 'the URL of an HTTP proxy with its user name and password percent-encoded; SOCKS is not supported';
  return { issue: { key: 'proxy', source: variable, expected, example: 'http://proxy.example:3128' } };
}

function isProxySet(value: string | undefined): boolean {
  return unquoted(value) !== undefined;
}

function parseProxy(text: string): URL | undefined {
  try {
    const proxy = new URL(/^[a-z][a-z0-9+.-]*:\/\//iu.test(text) ? text : `http://${text}`);
    decodeURIComponent(proxy.username + proxy.password);
    return ['http:', 'https:'].includes(proxy.protocol) && proxy.hostname !== '' ? proxy : undefined;
  } catch {
    return undefined;
  }
}

/** Entries are separated by commas or spaces: `*`, a domain with its subdomains, an address or a network, with an optional port. */
function isBypassed(host: string, noProxy: string): boolean {
  const { hostname, port } = splitHost(host);
  const entries = noProxy.toLowerCase().split(/[\s,]+/u);
  return entries.some((entry) => {
    if (entry === '') return false;
    if (entry === '*') return true;
    if (entry.includes('/')) return isInNetwork(hostname, entry);
    const bypass = splitHost(entry);
    if (bypass.port !== undefined && bypass.port !== (port ?? '443')) return false;
    const domain = bypass.hostname.replace(/^\*?\./u, '');
    return hostname === domain || (net().isIP(hostname) === 0 && hostname.endsWith(`.${domain}`));
  });
}

function splitHost(host: string): { readonly hostname: string; readonly port: string | undefined } {
  const name = host.toLowerCase();
  if (net().isIP(name) !== 0) return { hostname: name, port: undefined };
  const match = /^(?<hostname>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/u.exec(name)?.groups;
  return { hostname: (match?.['hostname'] ?? name).replaceAll(/[[\]]/gu, ''), port: match?.['port'] };
}

function isInNetwork(hostname: string, network: string): boolean {
  const [address = '', prefix = ''] = network.split('/');
  const version = net().isIP(address);
  if (version === 0 || net().isIP(hostname) !== version || !/^\d{1,3}$/u.test(prefix)) return false;
  if (Number(prefix) > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new (net().BlockList)();
  list.addSubnet(address, Number(prefix), family);
  return list.check(hostname, family);
}
