// @ts-check
import { once } from 'node:events';
import { connect } from 'node:tls';

const request = Buffer.from('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n');

/**
 * A TLS socket that sends the same request each time and counts the bytes of the response, without an HTTP parser.
 * @param {number} port
 * @param {string} ca
 */
export async function openSocket(port, ca) {
  const socket = connect({ host: '127.0.0.1', port, ca });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  let missing = 0;
  let done = () => {};
  socket.on('data', (chunk) => {
    missing -= chunk.length;
    if (missing === 0) done();
  });
  const response = await firstResponse(socket);
  return {
    response,
    request: () =>
      new Promise((resolve) => {
        missing = response.length;
        done = () => resolve(undefined);
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

/**
 * Parses the length of the first response. All later responses have the same length.
 * @param {import('node:tls').TLSSocket} socket
 */
async function firstResponse(socket) {
  let text = '';
  const collect = (/** @type {Buffer} */ chunk) => (text += chunk.toString('latin1'));
  socket.prependListener('data', collect);
  socket.write(request);
  for (;;) {
    const [, head = '', length = ''] = /^(.*?content-length: (\d+).*?\r\n\r\n)/is.exec(text) ?? [];
    if (head !== '' && text.length === head.length + Number(length)) break;
    await once(socket, 'data');
  }
  socket.off('data', collect);
  return text;
}
