import type { RedisClient } from './redis-client.ts';

/** A connection to one node. */
interface ClusterNode extends RedisClient {
  duplicate(options?: { readonly retryStrategy: null }): RedisClient;
}

/** The part of a `Cluster` client that the store uses beside that of a single connection. */
export interface ClusterClient extends RedisClient {
  /** The connections to the nodes. */
  nodes(): readonly ClusterNode[];
  refreshSlotsCache(): void;
}

export function isCluster(client: RedisClient): client is ClusterClient {
  return isMethod(client, 'nodes') && isMethod(client, 'refreshSlotsCache');
}

function isMethod(client: RedisClient, name: string): boolean {
  return typeof Reflect.get(client, name) === 'function';
}

/**
 * Makes a client for one node, which ends with its connection. Every node receives the messages of a channel. Nodes of `avoid` are
 * used only if there is no other.
 */
export function duplicateNode(
  client: ClusterClient,
  avoid: (node: NodeAddress | undefined) => boolean,
  random: number,
): RedisClient | undefined {
  const nodes = client.nodes();
  const good = nodes.filter((node) => !avoid(addressOf(node)));
  const candidates = good.length === 0 ? nodes : good;
  return candidates[Math.floor(random * candidates.length)]?.duplicate({ retryStrategy: null });
}

/** The address of a node as `host:port`. */
export type NodeAddress = string;

/** The primary that holds a key. `undefined` for a single server, and before the client knows the slots of the cluster. */
export function primaryOf(client: RedisClient, key: string): NodeAddress | undefined {
  if (!isCluster(client)) return undefined;
  const prefix = optionOf(client, 'keyPrefix');
  return primaryIn(slotsOf(client)[slotOf(typeof prefix === 'string' ? prefix + key : key)]);
}

/** The primaries of all slots. */
export function primariesOf(client: ClusterClient): ReadonlySet<NodeAddress> {
  return new Set(slotsOf(client).flatMap((nodes) => primaryIn(nodes) ?? []));
}

/** The address of a connection to a node; `undefined` if the client does not have these options. */
export function addressOf(node: object): NodeAddress | undefined {
  const [host, port] = [optionOf(node, 'host'), optionOf(node, 'port')];
  return typeof host === 'string' && typeof port === 'number' ? `${host}:${port}` : undefined;
}

/** The clients have a list of nodes per slot, the primary first. It is not in their documentation, so it may be missing. */
function slotsOf(client: ClusterClient): readonly unknown[] {
  const slots: unknown = Reflect.get(client, 'slots');
  return Array.isArray(slots) ? slots : [];
}

function primaryIn(nodes: unknown): NodeAddress | undefined {
  const [primary]: readonly unknown[] = Array.isArray(nodes) ? nodes : [];
  return typeof primary === 'string' ? primary : undefined;
}

function optionOf(client: object, name: string): unknown {
  const options: unknown = Reflect.get(client, 'options');
  return typeof options === 'object' && options !== null ? Reflect.get(options, name) : undefined;
}

const slotCount = 16_384;

/** The hash slot of a key: CRC16 (XMODEM) of its hash tag, or of the whole key (Redis Cluster specification). */
export function slotOf(key: string): number {
  const [, tag] = /\{(?<tag>[^}]+)\}/u.exec(/^[^{]*\{\}/u.test(key) ? '' : key) ?? [];
  let crc = 0;
  for (const byte of Buffer.from(tag ?? key)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x80_00 ? (crc << 1) ^ 0x10_21 : crc << 1) & 0xff_ff;
  }
  return crc % slotCount;
}
