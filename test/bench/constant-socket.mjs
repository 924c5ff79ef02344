// @ts-check
import { once } from 'node:events';
import { connect } from 'node:tls';

const request = Buffer.from('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n');

/**
 * A TLS socket that sends the same request again and again, and counts the bytes that come back: it knows nothing of HTTP.
 * @param {number} port
 * @param {string} ca
 */
export async function openSocket(port, ca) {
  const socket = connect({ host: '127.0.0.1', port, ca });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  let missing = 0;
  let done = () => {};
  socket.on('data', (part) => {
    missing -= part.length;
    if (missing === 0) done();
  });
  const answer = await firstAnswer(socket);
  return {
    answer,
    ask: () =>
      new Promise((resolve) => {
        missing = answer.length;
        done = () => resolve(undefined);
        socket.write(request);
      }),
    end: () => socket.destroy(),
  };
}

/**
 * Every answer is as long as the first.
 * @param {import('node:tls').TLSSocket} socket
 */
async function firstAnswer(socket) {
  let text = '';
  const collect = (/** @type {Buffer} */ part) => (text += part.toString('latin1'));
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
