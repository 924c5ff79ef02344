import type * as Net from 'node:net';
import type { ConfigurationIssue } from '../secret/errors.ts';

/** Not imported: only who has a proxy, and hosts that are not to go through it, compares addresses. */
const net = (): typeof Net => process.getBuiltinModule('node:net');

/** The proxy to a host; an issue if one is named that cannot be used. */
export interface ProxyChoice {
  readonly proxy?: URL | undefined;
  readonly issue?: ConfigurationIssue | undefined;
}

/**
 * The proxy that the usual variables name for an HTTPS host: `HTTPS_PROXY`, else `ALL_PROXY`, unless `NO_PROXY` excepts it;
 * the small letters win, as with curl.
 *
 * `proxy-from-env` is what others use for this. It reads `process.env` and nothing else, so it cannot be tested without
 * changing the environment of everybody, and it takes `example.com` in NO_PROXY for that one name, where curl, Go and
 * Python except the names below it too.
 */
export function proxyFor(host: string, environment: Readonly<Record<string, string | undefined>>): ProxyChoice {
  const variable = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find((name) => isSet(environment[name]));
  if (variable === undefined) return {};
  const exceptions = environment['no_proxy'] ?? environment['NO_PROXY'] ?? '';
  if (isExcepted(host, exceptions)) return {};
  const proxy = parseProxy((environment[variable] ?? '').trim());
  if (proxy !== undefined) return { proxy };
  // Not a word of the value: a proxy's URL holds its password.
  const expected = 'the URL of an HTTP proxy, its user name and password percent-encoded; SOCKS is not supported';
  return { issue: { key: 'proxy', source: `variable ${variable}`, expected, example: 'http://proxy.example:3128' } };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
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

/** Names with commas or blanks between them: `*`, a name with all below it, an address, a network; a port may follow. */
function isExcepted(host: string, exceptions: string): boolean {
  const { hostname, port } = split(host);
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/u)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      if (entry.includes('/')) return isInNetwork(hostname, entry);
      const exception = split(entry);
      if (exception.port !== undefined && exception.port !== (port ?? '443')) return false;
      const name = exception.hostname.replace(/^\*?\./u, '');
      return hostname === name || (net().isIP(hostname) === 0 && hostname.endsWith(`.${name}`));
    });
}

function split(host: string): { readonly hostname: string; readonly port: string | undefined } {
  const name = host.toLowerCase();
  if (net().isIP(name) !== 0) return { hostname: name, port: undefined };
  const match = /^(?<hostname>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/u.exec(name)?.groups;
  return { hostname: (match?.['hostname'] ?? name).replaceAll(/[[\]]/gu, ''), port: match?.['port'] };
}

function isInNetwork(hostname: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const family = net().isIP(address);
  if (family === 0 || net().isIP(hostname) !== family || !/^\d{1,3}$/u.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new (net().BlockList)();
  list.addSubnet(address, Number(bits), kind);
  return list.check(hostname, kind);
}
