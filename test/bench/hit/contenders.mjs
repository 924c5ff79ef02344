// @ts-check
import { createClientWithUpstream, createSecret, readAll } from '../clients.mjs';
import { peers } from '../peers.mjs';

/** 300 bytes, in the format of a managed database account. */
const json = JSON.stringify({
  AccountName: 'app',
  AccountPassword: `s3cret-${'x'.repeat(25)}`,
  Engine: 'MySQL',
  Host: 'rm-bp1234567890abcde.mysql.rds.aliyuncs.com',
  Port: 3306,
  DBInstanceId: 'rm-bp1234567890abcde',
  Options: { charset: 'utf8mb4', ssl: true, pool: 10, note: 'y'.repeat(63) },
});
const password = `s3cret-${'z'.repeat(25)}`;

/**
 * The read functions to compare, by name. `isAsync` marks those that return a promise.
 * @param {readonly string[]} names
 * @param {{ withPeers: boolean }} options
 */
export async function openContenders(names, { withPeers }) {
  const client = createClientWithUpstream(async ({ name }) => createSecret(name, json), { ttl: '1h' });
  await readAll(names, (name) => client.get(name));
  const map = new Map(names.map((name) => [name, createSecret(name, json)]));
  for (const name of names) {
    map.get(name)?.json();
    client.peek(name)?.json();
  }
  const java = {
    json: new Map(names.map((name) => [name, json])),
    plain: new Map(names.map((name) => [name, password])),
  };

  const expiring = new Map(names.map((name) => [name, { value: createSecret(name, json), until: 2 ** 30 }]));
  // Not even a clock is read: the least that a cache with a TTL needs.
  const now = Math.trunc(performance.now());

  /** @type {Record<string, { read: (name: string) => unknown; isAsync?: boolean }>} */
  const contenders = {
    map: { read: (name) => map.get(name) },
    expiringMap: {
      read: (name) => {
        const found = expiring.get(name);
        return found !== undefined && now < found.until ? found.value : undefined;
      },
    },
    peek: { read: (name) => client.peek(name) },
    json: { read: (name) => map.get(name)?.json() },
    peekJson: { read: (name) => client.peek(name)?.json() },
    asyncFunction: { read: async (name) => map.get(name), isAsync: true },
    get: { read: (name) => client.get(name), isAsync: true },
  };
  if (!withPeers) return contenders;
  contenders['Java, JSON'] = { read: (name) => readLikeJavaClient(java.json.get(name)) };
  contenders['Java, password'] = { read: (name) => readLikeJavaClient(java.plain.get(name)) };
  for (const [peer, open] of Object.entries(peers)) {
    const { read, hit = read, readName } = await open(async () => json, Math.max(names.length, 1_024));
    await readAll(names, read);
    contenders[peer] = { read: hit, isAsync: peer !== 'lru-cache' };
    if (readName !== undefined) contenders[`${readName}() of ${peer}`] = { read, isAsync: true };
  }
  return contenders;
}

/**
 * On each read, the official Java client tries to parse the value as JSON with a TTL. That throws for a plain password.
 * @param {string | undefined} value
 */
function readLikeJavaClient(value) {
  try {
    JSON.parse(value ?? '');
  } catch {
    // The value is not JSON.
  }
  return value;
}
