// @ts-check
import { clientOver, readAll, secretOf } from '../engine.mjs';
import { peers } from '../peers.mjs';

/** 300 bytes, as a managed database account is kept. */
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
 * Everything that is read side by side, by name; what is async says so.
 * @param {readonly string[]} names
 * @param {{ withPeers: boolean }} choice
 */
export async function openContenders(names, { withPeers }) {
  const client = clientOver(async ({ name }) => secretOf(name, json), { ttl: '1h' });
  await readAll(names, (name) => client.get(name));
  const held = new Map(names.map((name) => [name, secretOf(name, json)]));
  for (const name of names) {
    held.get(name)?.json();
    client.peek(name)?.json();
  }
  const java = {
    json: new Map(names.map((name) => [name, json])),
    plain: new Map(names.map((name) => [name, password])),
  };

  /** @type {Record<string, { read: (name: string) => unknown; isAsync?: boolean }>} */
  const contenders = {
    map: { read: (name) => held.get(name) },
    peek: { read: (name) => client.peek(name) },
    json: { read: (name) => held.get(name)?.json() },
    peekJson: { read: (name) => client.peek(name)?.json() },
    asyncFunction: { read: async (name) => held.get(name), isAsync: true },
    get: { read: (name) => client.get(name), isAsync: true },
  };
  if (!withPeers) return contenders;
  contenders['Java, JSON'] = { read: (name) => asJava(java.json.get(name)) };
  contenders['Java, password'] = { read: (name) => asJava(java.plain.get(name)) };
  for (const [peer, open] of Object.entries(peers)) {
    const { read, hit = read } = await open(async () => json, Math.max(names.length, 1_024));
    await readAll(names, read);
    contenders[peer] = { read: hit, isAsync: peer !== 'lru-cache' };
  }
  return contenders;
}

/**
 * The official client for Java looks on each read whether the value is JSON with a TTL in it; a plain password is not.
 * @param {string | undefined} value
 */
function asJava(value) {
  try {
    JSON.parse(value ?? '');
  } catch {
    // That is how it finds out.
  }
  return value;
}
