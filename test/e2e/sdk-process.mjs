// Runs sdkTransport over the real SDK on request of a test in another process, and returns the secret or the error. A separate
// process is needed because the SDK has no option for a CA, and Node reads NODE_EXTRA_CA_CERTS only when it starts.
import { inspect } from 'node:util';
import Sdk from '@alicloud/kms20160120';
import { sdkTransport } from '@kms-secrets/core';

const Client = Sdk.default;
const transports = new Map();
const attempts = new Map();

const commands = {
  open({ id, endpoint, credentials }) {
    const { securityToken } = credentials;
    const type = securityToken === undefined ? 'access_key' : 'sts';
    const client = new Client({ type, ...credentials, endpoint });
    // The defaults of 3 s are too short for a busy machine.
    transports.set(id, sdkTransport(client, { connectTimeout: 50_000, readTimeout: 50_000 }));
  },
  async fetch({ id, attempt, request }) {
    const controller = new AbortController();
    attempts.set(attempt, controller);
    await transports
      .get(id)
      .fetch(request, controller.signal)
      .then(
        (secret) => process.send({ attempt, secret: fieldsOf(secret) }),
        (error) => process.send({ attempt, failure: failureOf(error) }),
      );
    attempts.delete(attempt);
  },
  abort({ attempt }) {
    attempts.get(attempt)?.abort(new Error('The caller aborted the request.'));
  },
  async close({ id, attempt }) {
    await transports.get(id).close();
    process.send({ attempt, closed: true });
  },
};

process.on('message', (message) => void commands[message.command](message));
process.on('disconnect', () => process.exit());
process.send({ ready: true });

function fieldsOf(secret) {
  const { name, versionId, stale, stages, type, createdAt, rotation, extendedConfig, requestId } = secret;
  const rest = {
    name,
    versionId,
    stale,
    stages,
    type,
    createdAt: createdAt?.getTime(),
    rotation,
    extendedConfig,
    requestId,
  };
  try {
    return { ...rest, dataType: 'text', value: secret.text() };
  } catch {
    return { ...rest, dataType: 'binary', value: new TextDecoder().decode(secret.bytes()) };
  }
}

/** The fields of an error, and everything that printing it can reveal. */
function failureOf(error) {
  const { failure, message, code, status, requestId, retryAfter } = error;
  return { failure, message, code, status, requestId, retryAfter, printed: printed(error) };
}

function printed(error) {
  const all = inspect(error, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null });
  return `${error.stack}\n${JSON.stringify(Object.entries(error))}\n${all}`;
}
