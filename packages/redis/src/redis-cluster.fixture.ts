import { Cluster, Redis } from 'ioredis';
import { Cluster as ValkeyCluster } from 'iovalkey';
import { onTestFinished } from 'vitest';
import type { RedisClient } from './redis-client.ts';
import { freePort, redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

export interface RedisCluster {
  readonly servers: readonly RedisServer[];
  /** A client that the test closes. */
  readonly connect: (library?: 'ioredis' | 'iovalkey') => RedisClient;
}

const slotCount = 16_384;

/**
 * Three primaries without replicas. Each holds a third of the slots. With `requireFullCoverage`, none serves them while another
 * one is down.
 */
export async function clusterOfTest(requireFullCoverage: 'yes' | 'no' = 'no'): Promise<RedisCluster> {
  const busPorts = [await freePort(), await freePort(), await freePort()];
  const servers = await Promise.all(
    busPorts.map((port) =>
      redisOfTest(
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        String(port),
        '--cluster-node-timeout',
        '1000',
        '--cluster-require-full-coverage',
        requireFullCoverage,
      ),
    ),
  );
  const admins = servers.map(({ port }) => new Redis(port));
  try {
    await Promise.all(admins.map((admin, index) => admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)));
    const size = Math.ceil(slotCount / servers.length);
    await Promise.all(
      admins.map((admin, index) => {
        const last = Math.min((index + 1) * size, slotCount) - 1;
        return admin.call('CLUSTER', 'ADDSLOTSRANGE', index * size, last);
      }),
    );
    for (const [index, { port }] of servers.entries()) {
      await admins[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, busPorts[index] ?? 0);
    }
    for (const admin of admins) await knowsAllSlots(admin);
  } finally {
    for (const admin of admins) admin.disconnect();
  }
  return {
    servers,
    connect(library = 'ioredis') {
      const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
      const client = library === 'ioredis' ? new Cluster(nodes) : new ValkeyCluster(nodes);
      client.on('error', () => {}); // tests kill servers
      onTestFinished(() => client.disconnect());
      return client;
    },
  };
}

async function knowsAllSlots(admin: Redis): Promise<void> {
  for (;;) {
    const info = String(await admin.call('CLUSTER', 'INFO'));
    if (/cluster_state:ok/u.test(info) && /cluster_slots_ok:16384/u.test(info) && /cluster_known_nodes:3/u.test(info)) {
      return;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
