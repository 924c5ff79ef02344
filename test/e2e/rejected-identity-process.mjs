// Holds a client for a test in another process, and reads with it on request. As in identity-process.mjs, a separate process is
// needed because requests to STS trust only the CAs that Node reads from NODE_EXTRA_CA_CERTS when it starts.
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { createSecretClient, fileStore } from '@kms-secrets/core';

let client;
const dropped = [];
const errors = [];

async function open({ options, storePath, metadata }) {
  // The library only uses the fixed address of the metadata service. Connections to it are redirected to the fake.
  const connect = Reflect.get(Socket.prototype, 'connect');
  Socket.prototype.connect = function connectAsOnEcs(...args) {
    const [target] = Array.isArray(args[0]) ? args[0] : args;
    if (target.host === '100.100.100.200') Object.assign(target, { host: '127.0.0.1', port: metadata });
    return connect.apply(this, args);
  };
  const logger = { warn() {}, error: (line) => errors.push(line) };
  const stores = fileStore({ path: storePath, key: randomBytes(32) });
  client = createSecretClient({ ttl: '1s', retry: { maxAttempts: 1 }, logger, stores, ...options });
  client.on('dropped', ({ reason }) => dropped.push(reason));
}

async function read(name) {
  try {
    const { versionId, stale } = await client.get(name);
    return { versionId, stale };
  } catch ({ code, message }) {
    return { code, message };
  }
}

process.on('message', async (message) => {
  if (message.open !== undefined) await open(message.open);
  process.send({ ...(await read(message.read)), dropped, errors, identity: client.health().identity });
});
process.on('disconnect', async () => {
  await client?.close();
  process.exit();
});
process.send({ ready: true });
