import { createHash, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** The logins of MySQL 8 with `caching_sha2_password`, without a database: every statement succeeds. */
export interface Mysql8Logins {
  readonly port: number;
  /** `full`: with the password, encrypted for the server. `fast`: with a hash, which the server has from a full login. */
  readonly logins: readonly ('full' | 'fast' | 'rejected')[];
  changePassword(password: string): void;
}

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const plugin = 'caching_sha2_password';
const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0]);

export async function startMysql8(firstPassword: string): Promise<Mysql8Logins> {
  let password = firstPassword;
  let isCached = false;
  const logins: ('full' | 'fast' | 'rejected')[] = [];
  const sockets = new Set<Socket>();

  const logIn = async (connection: PacketConnection): Promise<boolean> => {
    const scramble = randomBytes(20).map((byte) => (byte % 127) + 1); // without zeros
    connection.send(greeting(scramble, sockets.size));
    const token = await tokenOf(await connection.next(), scramble, connection);
    if (isCached && token.equals(hashOf(password, scramble))) {
      connection.send(Buffer.from([1, 3]));
      logins.push('fast');
      return true;
    }
    connection.send(Buffer.from([1, 4]));
    await connection.next(); // asks for the key
    connection.send(Buffer.concat([Buffer.from([1]), Buffer.from(publicKey)]));
    const clear = privateDecrypt(privateKey, await connection.next()).map((byte, i) => byte ^ (scramble[i % 20] ?? 0));
    const isRight = Buffer.from(clear).equals(Buffer.from(`${password}\0`));
    isCached ||= isRight;
    logins.push(isRight ? 'full' : 'rejected');
    return isRight;
  };

  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    const connection = new PacketConnection(socket);
    void logIn(connection).then((isRight) => {
      connection.send(isRight ? ok : accessDenied());
      if (isRight) void acknowledgeCommands(connection);
      else socket.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    logins,
    changePassword(changed) {
      password = changed;
      isCached = false;
    },
  };
}

/** Packets of MySQL: three bytes with the length, a sequence number, a payload. */
class PacketConnection {
  readonly #socket: Socket;
  readonly #packets: Buffer[] = [];
  #received = Buffer.alloc(0);
  #sequence = 0;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readUIntLE(0, 3)) {
        const end = 4 + this.#received.readUIntLE(0, 3);
        this.#packets.push(this.#received.subarray(4, end));
        this.#sequence = (this.#received[3] ?? 0) + 1;
        this.#received = this.#received.subarray(end);
      }
      this.#wake();
    });
  }

  async next(): Promise<Buffer> {
    for (;;) {
      const packet = this.#packets.shift();
      if (packet !== undefined) return packet;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  send(payload: Buffer, sequence = this.#sequence): void {
    const header = Buffer.from([0, 0, 0, sequence]);
    header.writeUIntLE(payload.length, 0, 3);
    this.#sequence = sequence + 1;
    this.#socket.write(Buffer.concat([header, payload]));
  }
}

/** Every command succeeds. */
async function acknowledgeCommands(connection: PacketConnection): Promise<never> {
  for (;;) {
    await connection.next();
    connection.send(ok, 1);
  }
}

function greeting(scramble: Uint8Array, connectionId: number): Buffer {
  // Long password, database, protocol 4.1, transactions, secure connection; plugins of any length.
  const [lower, upper] = [Buffer.from([0x09, 0xa2]), Buffer.from([0x28, 0x00])];
  return Buffer.concat([
    Buffer.from('\u000A8.0.36\0'),
    Buffer.from([connectionId, 0, 0, 0]),
    scramble.subarray(0, 8),
    Buffer.from([0]),
    lower,
    Buffer.from([255, 2, 0]),
    upper,
    Buffer.from([21]),
    Buffer.alloc(10),
    scramble.subarray(8),
    Buffer.from(`\0${plugin}\0`),
  ]);
}

/** The hash of the password: in the first answer of a client that begins with this plugin, in the second of others. */
async function tokenOf(answer: Buffer, scramble: Uint8Array, connection: PacketConnection): Promise<Buffer> {
  if (!answer.includes(plugin)) {
    connection.send(Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${plugin}\0`), scramble, Buffer.from([0])]));
    return connection.next();
  }
  const start = answer.indexOf(0, 32) + 1; // after flags and the name of the user
  return answer.subarray(start + 1, start + 1 + (answer[start] ?? 0));
}

function hashOf(password: string, scramble: Uint8Array): Buffer {
  const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
    createHash('sha256').update(Buffer.concat(parts)).digest();
  const first = sha256(Buffer.from(password));
  const mask = sha256(sha256(first), scramble);
  return Buffer.from(first.map((byte, i) => byte ^ (mask[i] ?? 0)));
}

function accessDenied(): Buffer {
  const error = Buffer.from([0xff, 0, 0]);
  error.writeUInt16LE(1045, 1);
  return Buffer.concat([error, Buffer.from('#28000Access denied')]);
}
