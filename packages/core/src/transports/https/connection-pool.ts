import type { ClientRequest } from 'node:http';
import type { AgentOptions } from 'node:https';
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';

/** Sockets that are kept for the next request; more than the refreshes that run at the same time would only lie idle. */
const mostIdleSockets = 16;

export interface StartedRequest {
  readonly request: ClientRequest;
  readonly cancel: () => void;
}

/**
 * The sockets to one endpoint: one keep-alive agent and one secure context.
 *
 * A certificate authority parsed for each connection costs 0.5 ms of CPU; the agent keeps the TLS sessions, and a resumed
 * connection costs about a quarter less than a new one (measured on Node 20.20). An idle socket does not keep the process
 * alive: Node's agent unrefs it (`http.Agent`, "keepAlive").
 */
export class ConnectionPool {
  readonly #ca: string | undefined;
  readonly #checksCertificates: boolean;
  readonly #proxy: URL | undefined;
  #agent: Agent | undefined;
  #opening: Promise<Agent> | undefined;
  /** Ends the connection for the request that is just being made: see `#openThroughProxy`. */
  #signal: AbortSignal | undefined;

  constructor(parts: {
    readonly ca: string | undefined;
    readonly checksCertificates: boolean;
    readonly proxy: URL | undefined;
  }) {
    this.#ca = parts.ca;
    this.#checksCertificates = parts.checksCertificates;
    this.#proxy = parts.proxy;
  }

  /** Once it is open: then nobody needs to wait for it. */
  get agent(): Agent | undefined {
    return this.#agent;
  }

  /** Made when first needed: who creates a client and reads nothing pays for no secure context. */
  async createAgent(): Promise<Agent> {
    this.#opening ??=
      this.#proxy === undefined ? Promise.resolve(new Agent(this.#options())) : this.#openThroughProxy(this.#proxy);
    this.#agent = await this.#opening;
    return this.#agent;
  }

  /** Makes a request over `agent`; what it returns gives that request up, its connection included. */
  start(makeRequest: () => ClientRequest): StartedRequest {
    const connecting = this.#proxy === undefined ? undefined : new AbortController();
    this.#signal = connecting?.signal;
    try {
      const request = makeRequest();
      const giveUp = (): void => {
        request.destroy();
        connecting?.abort();
      };
      return { request, cancel: giveUp };
    } finally {
      this.#signal = undefined;
    }
  }

  /** Gives up the idle sockets: the next request makes a new connection. */
  closeIdleSockets(): void {
    for (const sockets of Object.values(this.#agent?.freeSockets ?? {})) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }

  close(): void {
    this.#agent?.destroy();
  }

  #options(): AgentOptions {
    // Without the partial chain, a file that holds only the second of KMS's two private authorities trusts nothing
    // (UNABLE_TO_GET_ISSUER_CERT); the clients for Java and Go accept such a file.
    const trust = this.#ca === undefined ? {} : { ca: this.#ca, allowPartialTrustChain: true };
    return {
      keepAlive: true,
      maxFreeSockets: mostIdleSockets,
      secureContext: createSecureContext({ ...trust, minVersion: 'TLSv1.2' }),
      // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the check off for secrets.
      rejectUnauthorized: this.#checksCertificates,
    };
  }

  /**
   * By hpagent, because its agent is Node's own `https.Agent` with another way to connect: it has no dependencies, keeps
   * connections and TLS sessions, and takes our secure context. `https-proxy-agent` brings five packages, makes a full
   * handshake each time, prints the proxy's password under DEBUG, and hands a proxy's refusal on as if KMS had answered so.
   */
  async #openThroughProxy(proxy: URL): Promise<Agent> {
    const { HttpsProxyAgent } = await import('hpagent');
    const signal = (): AbortSignal | undefined => this.#signal;
    // hpagent copies these options for each CONNECT it makes, while the request for it is being made: so a getter can
    // hand over a signal of its own. Without it, a proxy that never answers would keep its socket after the attempt.
    const proxyRequestOptions = {
      headers: {},
      // Of the proxy's own certificate, where it is asked by HTTPS: its password goes over that connection.
      rejectUnauthorized: true,
      get signal() {
        return signal();
      },
    };
    return new HttpsProxyAgent({ ...this.#options(), proxy, proxyRequestOptions });
  }
}
