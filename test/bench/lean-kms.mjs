// @ts-check
import { once } from 'node:events';
import { createServer } from 'node:https';

/**
 * A server that sends the response of KMS to any request, signed or not, as fast as Node can. The fake KMS checks so much that
 * its clients mostly wait for it, and a client that waits uses more CPU per read than one that is busy.
 * @param {import('node:https').ServerOptions} certificate
 */
export async function startLeanKms(certificate) {
  let handshakes = 0;
  let keepAlive = true;
  const server = createServer(certificate, (request, response) => {
    request.resume();
    const body = responseBody(
      decodeURIComponent(/[?&]SecretName=([^&]*)/.exec(request.url ?? '')?.[1] ?? 'app/secret-0'),
    );
    response.shouldKeepAlive = keepAlive;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  server.on('secureConnection', () => (handshakes += 1));
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    endpoint: `127.0.0.1:${port}`,
    handshakes: () => handshakes,
    setKeepAlive(/** @type {boolean} */ value) {
      keepAlive = value;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @param {string} name */
function responseBody(name) {
  return `{"RequestId":"6a7f0c53-5b6b-4c3a-9f1e-0a2b4c6d8e0f","SecretName":${JSON.stringify(name)},"VersionId":"${'0'.repeat(31)}1","CreateTime":"2026-01-02T03:04:05Z","SecretData":"${'s3cret-'.padEnd(300, '.')}","SecretDataType":"text","AutomaticRotation":"Disabled","SecretType":"Generic","VersionStages":{"VersionStage":["ACSCurrent"]}}`;
}
