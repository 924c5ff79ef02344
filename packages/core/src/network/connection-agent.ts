import type { ClientRequest } from 'node:http';
import type * as Https from 'node:https';
import type { AgentOptions, RequestOptions } from 'node:https';
import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { builtinModule, requireModule } from '../platform/builtin-module.ts';
import type { Clock } from '../time/clock.ts';
import { NameLookup } from './name-lookup.ts';
import { processResolver } from './name-resolver.ts';
import type { NameResolver } from './name-resolver.ts';
import { openTunnel, withoutBrackets } from './proxy-tunnel.ts';

/** The maximum number of idle sockets. No more refreshes run concurrently, so further sockets would stay idle. */
const maxIdleSockets = 16;

/**
 * Age after which a connection is not reused (ms): the name of the endpoint may have moved to another address, and a NAT or a
 * load balancer may have dropped a connection without a word.
 */
const maxConnectionAge = 300_000;

/** The minimum time between two renewals (ms), so that an outage of the gateway does not cause a handshake per request. */
const minRenewalInterval = 5_000;

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Milliseconds for DNS, TCP and TLS. */
  readonly connectTimeout: number;
  /** PEM text of the CAs to trust instead of the public ones. */
  readonly ca?: string | undefined;
  /** Default true. If false, a man in the middle can read the secrets. */
  readonly verifyCertificate?: boolean | undefined;
  readonly proxy?: URL | undefined;
  /** Default: the one that all clients of the process share. */
  readonly resolver?: NameResolver | undefined;
}

/** The options of a request, which Node passes to `createConnection`. */
export interface TunneledRequestOptions extends RequestOptions {
  /** Not `signal`: Node would keep that on a socket that is reused. */
  tunnelSignal?: AbortSignal | undefined;
}

interface Opening {
  readonly openedAt: number;
  readonly generation: number;
}

/**
 * The connections to one host: a keep-alive agent with one secure context, direct or through a proxy.
 *
 * With one secure context, the CA is not parsed for each connection, which takes 0.5 ms of CPU time. The agent caches TLS
 * sessions, and a resumed connection takes about a quarter less CPU time than a new one (Node 20.20). Idle sockets do not keep
 * the process alive: Node's agent unrefs them (`http.Agent`, "keepAlive").
 */
export class ConnectionAgent extends Agent {
  readonly #clock: Clock;
  readonly #proxy: URL | undefined;
  readonly #lookup: NameLookup;
  /** The options of every connection, to the host or to the proxy. */
  readonly #connection: AgentOptions;
  readonly #tls: AgentOptions;
  #servername: string | undefined;
  readonly #openings = new WeakMap<Duplex, Opening>();
  /** Until this time (the clock's `now`), each idle connection may be reused. */
  #reusableUntil = Number.POSITIVE_INFINITY;
  #https: Pick<typeof Https, 'request'> | undefined;
  /** Connections of an earlier generation are not reused. */
  #generation = 0;
  #renewedAt: number | undefined;

  constructor(options: ConnectionOptions) {
    const { ca, verifyCertificate = true, proxy, clock, connectTimeout, resolver = processResolver } = options;
    const lookup = new NameLookup({ resolver, clock, connectTimeout });
    const connection: AgentOptions = {
      lookup: lookup.lookup,
      // Node's default is 250 ms, less than a connection across a continent may take.
      autoSelectFamilyAttemptTimeout: Math.max(Math.ceil(connectTimeout / 2), 1),
      minVersion: minTlsVersion(),
    };
    // Without allowPartialTrustChain, Node does not accept a CA file that contains only the intermediate CA of KMS's private PKI
    // (UNABLE_TO_GET_ISSUER_CERT). The official Java and Go clients accept it.
    const trust = ca === undefined ? {} : { ca, allowPartialTrustChain: true };
    // Not the options of a connection: Node copies these for each request.
    super({ keepAlive: true, maxFreeSockets: maxIdleSockets });
    this.#tls = {
      secureContext: builtinModule('node:tls').createSecureContext({ ...trust, minVersion: connection.minVersion }),
      // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not disable verification.
      rejectUnauthorized: verifyCertificate,
    };
    this.#clock = clock;
    this.#proxy = proxy;
    this.#lookup = lookup;
    this.#connection = connection;
  }

  /** The options of a connection to the host. */
  get connectionOptions(): AgentOptions {
    return { ...this.#connection, ...this.#tls };
  }

  /** Whether requests go through a proxy, so that cancelling one needs its `tunnelSignal` too. */
  get isProxied(): boolean {
    return this.#proxy !== undefined;
  }

  /** Starts a request on an idle socket, or on a new one. `options.agent` must be this agent. */
  start(options: TunneledRequestOptions): ClientRequest {
    if (this.#clock.cachedNow() >= this.#reusableUntil) this.#closeOld();
    this.#https ??= requireModule('node:https');
    return this.#https.request(options);
  }

  /** Closes the idle sockets, so that the next request opens a new connection. */
  closeIdleSockets(): void {
    this.#closeIdle(() => true);
  }

  /**
   * Ends the reuse of all open connections: the next request opens a new one. Has no effect
   * within five seconds of the last renewal.
   */
  renew(): void {
    const now = this.#clock.now();
    if (this.#renewedAt !== undefined && now - this.#renewedAt < minRenewalInterval) return;
    this.#renewedAt = now;
    this.#generation += 1;
    this.closeIdleSockets();
  }

  /** Makes the next connection start with the next address of the host. */
  skipAddress(): void {
    this.#lookup.skipAddress();
  }

  /** Whether a new connection to `hostname` waits for its name, or for that of the proxy. */
  isResolving(hostname: string): boolean {
    return this.#lookup.isPending(this.#proxy === undefined ? hostname : withoutBrackets(this.#proxy.hostname));
  }

  /** All connections have the same host and options. Node would join the 25 options that may differ, for each request. */
  override getName(): string {
    return 'kms';
  }

  /**
   * Node calls this for each request, and its types do not declare it. Node copies the options, adds them to those of a new
   * connection, and NODE_DEBUG=http,https prints them: only what a connection needs, because the headers contain a security token.
   */
  addRequest(request: ClientRequest, { host, port, tunnelSignal }: TunneledRequestOptions): void {
    const add = Reflect.get(Agent.prototype, 'addRequest') as (request: ClientRequest, options: RequestOptions) => void; // since Node 0.11
    // Node would derive it from the Host header, for each request.
    this.#servername ??= builtinModule('node:net').isIP(host ?? '') === 0 ? (host ?? '') : '';
    const options: TunneledRequestOptions = { host, port, servername: this.#servername };
    if (tunnelSignal !== undefined) options.tunnelSignal = tunnelSignal;
    add.call(this, request, options);
  }

  override createConnection(
    options: TunneledRequestOptions,
    callback: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const proxy = this.#proxy;
    const connection = { ...options, ...this.connectionOptions };
    if (proxy === undefined) return this.#opened(super.createConnection(connection, callback));
    const { host, port, tunnelSignal: signal } = options;
    const target = { host: host ?? '', port: Number(port) };
    openTunnel({ ...target, proxy, connection: this.#connection, signal }, (error, socket) => {
      // With an error Node does not read the second parameter.
      if (socket === undefined) callback(error ?? new Error('The proxy closed the connection.'), undefined as never);
      else callback(null, this.#opened(super.createConnection({ ...connection, ...over(socket) })) as Duplex);
    });
    return undefined;
  }

  /** Called when a socket becomes idle. */
  override keepSocketAlive(socket: Duplex): boolean {
    const opening = this.#openings.get(socket);
    if (opening?.generation !== this.#generation) return false;
    this.#reusableUntil = Math.min(this.#reusableUntil, opening.openedAt + maxConnectionAge);
    return super.keepSocketAlive(socket) as unknown as boolean; // the types of `https` say void
  }

  #opened<Value extends Duplex | null | undefined>(socket: Value): Value {
    if (socket) this.#openings.set(socket, { openedAt: this.#clock.now(), generation: this.#generation });
    return socket;
  }

  #closeOld(): void {
    const now = this.#clock.now();
    this.#reusableUntil = Number.POSITIVE_INFINITY;
    this.#closeIdle((socket) => {
      const until = (this.#openings.get(socket)?.openedAt ?? Number.NEGATIVE_INFINITY) + maxConnectionAge;
      if (now < until) this.#reusableUntil = Math.min(this.#reusableUntil, until);
      return now >= until;
    });
  }

  #closeIdle(isClosed: (socket: Socket) => boolean): void {
    for (const name in this.freeSockets) {
      for (const socket of this.freeSockets[name] ?? []) if (isClosed(socket)) socket.destroy();
    }
  }
}

/** TLS over a socket. The types of `https` do not declare the option of `tls.connect`. */
function over(socket: Socket): object {
  return { socket };
}

/** 1.2, or the minimum of the process (`--tls-min-v1.3`, `tls.DEFAULT_MIN_VERSION`) if that is higher. */
function minTlsVersion(): 'TLSv1.2' | 'TLSv1.3' {
  return builtinModule('node:tls').DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2';
}
