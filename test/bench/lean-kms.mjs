// @ts-check
import { once } from 'node:events';
import { createServer } from 'node:https';

/**
 * Answers any request as KMS does, signed or not, and as fast as Node can: the fake KMS checks so much that its clients
 * mostly wait for it, and a client that waits looks dearer than one that is busy.
 * @param {import('node:https').ServerOptions} certificate
 */
export async function startLeanKms(certificate) {
  let handshakes = 0;
  let isKept = true;
  const server = createServer(certificate, (request, response) => {
    request.resume();
    const body = replyAbout(
      decodeURIComponent(/[?&]SecretName=([^&]*)/.exec(request.url ?? '')?.[1] ?? 'app/secret-0'),
    );
    response.shouldKeepAlive = isKept;
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
    keepsConnections(/** @type {boolean} */ keeps) {
      isKept = keeps;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @param {string} name */
function replyAbout(name) {
  return `{"RequestId":"6a7f0c53-5b6b-4c3a-9f1e-0a2b4c6d8e0f","SecretName":${JSON.stringify(name)},"VersionId":"${'0'.repeat(31)}1","CreateTime":"2026-01-02T03:04:05Z","SecretData":"${'s3cret-'.padEnd(300, '.')}","SecretDataType":"text","AutomaticRotation":"Disabled","SecretType":"Generic","VersionStages":{"VersionStage":["ACSCurrent"]}}`;
}
