// @ts-check
// Clients that read a secret over HTTPS. Each is loaded on demand, because loading is part of what is measured.
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ endpoint: string; caFilePath: string; caPem: string; accessKey: { accessKeyId: string; accessKeySecret: string } }} Kms
 * @typedef {{ read: (name: string) => Promise<unknown>; close?: () => unknown }} Reader
 */

/** @type {Readonly<Record<string, (kms: Kms) => Promise<Reader>>>} */
export const wireReaders = {
  /** Each read is a fetch: `refresh` bypasses the cache. */
  async ours({ endpoint, caFilePath, accessKey }) {
    const { createSecretClient } = await import('@kms-secrets/core');
    const { withoutLimits } = await import('./clients.mjs');
    const endpoints = [{ endpoint, caFilePath }];
    const client = createSecretClient({ ...withoutLimits, credentials: accessKey, endpoints });
    return { read: async (name) => (await client.refresh(name)).text(), close: () => client.close() };
  },
  /** Has no option for a CA: its process must be started with NODE_EXTRA_CA_CERTS. */
  async kms20160120({ endpoint, accessKey }) {
    const { default: Kms, GetSecretValueRequest } = await import('@alicloud/kms20160120');
    const client = new Kms.default(/** @type {any} */ ({ type: 'access_key', ...accessKey, endpoint }));
    return {
      read: async (name) => (await client.getSecretValue(new GetSecretValueRequest({ secretName: name }))).secretData,
    };
  },
  async 'openapi-core'({ endpoint, accessKey, caPem }) {
    const { default: OpenApi } = await import('@alicloud/openapi-core');
    const { default: Client, $OpenApiUtil } = /** @type {any} */ (OpenApi);
    // As for node:https, its agents would copy the CA for each request.
    const ca = process.env['NODE_EXTRA_CA_CERTS'] === undefined ? caPem : undefined;
    const client = new Client(new $OpenApiUtil.Config({ type: 'access_key', ...accessKey, endpoint, ca }));
    const style = { method: 'POST', pathname: '/', style: 'RPC', reqBodyType: 'json', bodyType: 'json' };
    const action = { action: 'GetSecretValue', version: '2016-01-20', protocol: 'HTTPS', authType: 'AK' };
    const params = new $OpenApiUtil.Params({ ...action, ...style });
    return {
      async read(name) {
        const request = new $OpenApiUtil.OpenApiRequest({ query: { SecretName: name, FetchExtendedConfig: 'true' } });
        return (await client.callApi(params, request, {})).body.SecretData;
      },
    };
  },
  /** The minimum that KMS accepts: node:https and one signature. */
  async 'node:https'(kms) {
    const { request, Agent } = await import('node:https');
    const { signedRequest } = await import('./reference-signature.mjs');
    const agent = new Agent({ keepAlive: true, ...(await trusting(readFileSync(kms.caFilePath))) });
    return {
      read: async (name) => {
        const { path, headers } = signedRequest(name, kms);
        return JSON.parse(await send(request, { agent, ...addressOf(kms.endpoint), path, headers, method: 'POST' }))
          .SecretData;
      },
      close: () => agent.destroy(),
    };
  },
  /** node:https without a signature: the same request each time. Only the lean KMS accepts it. */
  async 'node:https, constant'({ endpoint, caPem }) {
    const { request, Agent } = await import('node:https');
    const agent = new Agent({ keepAlive: true, ...(await trusting(caPem)) });
    const options = { agent, ...addressOf(endpoint), path: '/', method: 'POST' };
    return { read: () => send(request, options), close: () => agent.destroy() };
  },
  /** A new connection with a full TLS handshake for each read. */
  async 'full handshake'({ endpoint, caPem }) {
    const { Agent, request } = await import('node:https');
    const agent = new Agent({ keepAlive: false, maxCachedSessions: 0, ...(await trusting(caPem)) });
    const options = { agent, ...addressOf(endpoint), path: '/', method: 'POST' };
    return { read: () => send(request, options) };
  },
  /** A new connection for each read, which resumes the previous TLS session. */
  async 'resumed handshake'({ endpoint, caPem }) {
    const { Agent, request } = await import('node:https');
    const agent = new Agent({ keepAlive: false, ...(await trusting(caPem)) });
    const options = { agent, ...addressOf(endpoint), path: '/', method: 'POST' };
    return { read: () => send(request, options) };
  },
  /** The lower bound: bytes written to and read from a TLS socket. */
  async 'TLS socket, constant'({ endpoint, caPem }) {
    const { openSocket } = await import('./raw-tls-socket.mjs');
    /** @type {Awaited<ReturnType<typeof openSocket>>[]} */
    const idle = [];
    return {
      async read() {
        const socket = idle.pop() ?? (await openSocket(addressOf(endpoint).port, caPem));
        await socket.request();
        idle.push(socket);
        return socket.response;
      },
      close: () => idle.forEach((socket) => socket.close()),
    };
  },
};

/**
 * Options of an agent that trusts this CA. With the option `ca`, the agent would copy the whole certificate into the key of its
 * pool for each request, about 4 % of the CPU time, which would favour our client.
 * @param {string | Buffer} ca
 */
async function trusting(ca) {
  const { createSecureContext } = await import('node:tls');
  return { secureContext: createSecureContext({ ca }) };
}

/** @param {string} endpoint */
function addressOf(endpoint) {
  const { hostname, port } = new URL(`https://${endpoint}`);
  return { host: hostname, port: Number(port) };
}

/**
 * @param {typeof import('node:https').request} request
 * @param {import('node:https').RequestOptions} options
 * @returns {Promise<string>}
 */
function send(request, options) {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode}`)),
      );
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
