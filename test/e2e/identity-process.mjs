// Reads a secret with a given identity on request of a test in another process. The test sets the environment variables, the
// working directory and the metadata service. A separate process is needed because @alicloud/credentials, which sends the
// requests to STS, has no option for a CA, and Node reads NODE_EXTRA_CA_CERTS only when it starts.
import { Socket } from 'node:net';
import { createSecretClient } from '@kms-secrets/core';

const initialEnvironment = { ...process.env };
let metadataPort;

// The library only uses the fixed address of the metadata service. Connections to it are redirected to the fake.
const connect = Reflect.get(Socket.prototype, 'connect');
Socket.prototype.connect = function connectAsOnEcs(...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  if (options.host === '100.100.100.200') Object.assign(options, { host: '127.0.0.1', port: metadataPort });
  return connect.apply(this, args);
};

async function read({ environment, directory, options }) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, initialEnvironment, environment);
  process.chdir(directory);
  let client;
  try {
    client = createSecretClient({ retry: { maxAttempts: 1 }, ...options });
    const { versionId } = await client.get('db');
    return { versionId };
  } catch (error) {
    return { code: error.code, message: error.message };
  } finally {
    await client?.close();
  }
}

process.on('message', async ({ machine, metadata }) => {
  metadataPort = metadata;
  process.send(await read(machine));
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
