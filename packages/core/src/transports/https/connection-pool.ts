import type { ClientRequest } from 'node:http';
import type { AgentOptions } from 'node:https';
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';

/** The maximum number of idle sockets. No more refreshes run concurrently, so further sockets would stay idle. */
const maxIdleSockets = 16;

export interface StartedRequest {
  readonly request: ClientRequest;
  /** Cancels the request and closes its connection. */
  readonly cancel: () => void;
}

/**
 * The sockets to one endpoint: one keep-alive agent with one secure context.
 *
 * With one secure context, the CA is not parsed for each connection, which takes 0.5 ms of CPU time. The agent caches TLS
 * sessions, and a resumed connection takes about a quarter less CPU time than a new one (Node 20.20). Idle sockets do not keep the process alive: Node's agent unrefs them
 * (`http.Agent`, "keepAlive").
 */
export class ConnectionPool {
  readonly #ca: string | undefined;
  readonly #verifyCertificate: boolean;
  readonly #proxy: URL | undefined;
  #agent: Agent | undefined;
  #creating: Promise<Agent> | undefined;
  /** Aborts the connection of the request that is being created; see `#createProxyAgent`. */
  #connectSignal: AbortSignal | undefined;

  constructor(options: {
    readonly ca: string | undefined;
    readonly verifyCertificate: boolean;
    readonly proxy: URL | undefined;
  }) {
    this.#ca = options.ca;
    this.#verifyCertificate = options.verifyCertificate;
    this.#proxy = options.proxy;
  }

  /** The agent, after `createAgent` has resolved. Reading it saves later requests an `await`. */
  get agent(): Agent | undefined {
    return this.#agent;
  }

  /** Creates the agent on first use: a client that sends no request needs no secure context. */
  async createAgent(): Promise<Agent> {
    this.#creating ??=
      this.#proxy === undefined ? Promise.resolve(new Agent(this.#options())) : this.#createProxyAgent(this.#proxy);
    this.#agent = await this.#creating;
    return this.#agent;
  }

  /** Calls `makeRequest`, which must create a request with the agent synchronously. */
  start(makeRequest: () => ClientRequest): StartedRequest {
    const controller = this.#proxy === undefined ? undefined : new AbortController();
    this.#connectSignal = controller?.signal;
    try {
      const request = makeRequest();
      const cancel = (): void => {
        request.destroy();
        controller?.abort();
      };
      return { request, cancel };
    } finally {
      this.#connectSignal = undefined;
    }
  }

  /** Closes the idle sockets, so that the next request opens a new connection. */
  closeIdleSockets(): void {
    for (const sockets of Object.values(this.#agent?.freeSockets ?? {})) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }

  close(): void {
    this.#agent?.destroy();
  }

  #options(): AgentOptions {
    // Without allowPartialTrustChain, Node does not accept a CA file that contains only the intermediate CA of KMS's private PKI
    // (UNABLE_TO_GET_ISSUER_CERT). The official Java and Go clients accept it.
    const trust = this.#ca === undefined ? {} : { ca: this.#ca, allowPartialTrustChain: true };
    return {
      keepAlive: true,
      maxFreeSockets: maxIdleSockets,
      secureContext: createSecureContext({ ...trust, minVersion: 'TLSv1.2' }),
      // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not disable verification.
      rejectUnauthorized: this.#verifyCertificate,
    };
  }

  /**
   * Uses hpagent, whose agent is Node's `https.Agent` with another `createConnection`: it has no dependencies, reuses sockets
   * and TLS sessions, and accepts our secure context. `https-proxy-agent` has five dependencies, makes a full handshake for each
   * connection, logs the proxy password with DEBUG, and returns the error response of a proxy as if KMS had sent it.
   */
  async #createProxyAgent(proxy: URL): Promise<Agent> {
    const { HttpsProxyAgent } = await import('hpagent');
    const connectSignal = (): AbortSignal | undefined => this.#connectSignal;
    // hpagent copies these options for the CONNECT while a request is created, so that a getter can pass a signal for each
    // request. Without the signal, the socket to a proxy that never responds would stay open after the attempt.
    const proxyRequestOptions = {
      headers: {},
      // For the certificate of a proxy with an https URL: the proxy password is sent over that connection.
      rejectUnauthorized: true,
      get signal() {
        return connectSignal();
      },
    };
    return new HttpsProxyAgent({ ...this.#options(), proxy, proxyRequestOptions });
  }
}
