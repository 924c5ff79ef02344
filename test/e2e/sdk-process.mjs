// Asks KMS by the real SDK, for a test in another process: the SDK takes no CA as an option, and Node reads
// NODE_EXTRA_CA_CERTS only when it starts. Told what to do by messages; answers with all that the transport gave or threw.
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
    transports.set(id, sdkTransport(new Client({ type, ...credentials, endpoint }), { readTimeout: 1_500 }));
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
    attempts.get(attempt)?.abort(new Error('The caller has had enough.'));
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

/** What there is to be seen of an error, with everything in it that could be printed. */
function failureOf(error) {
  const { failure, message, code, status, requestId, retryAfter } = error;
  return { failure, message, code, status, requestId, retryAfter, printed: printed(error) };
}

function printed(error) {
  const all = inspect(error, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null });
  return `${error.stack}\n${JSON.stringify(Object.entries(error))}\n${all}`;
}
