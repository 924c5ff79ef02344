// @ts-check
import { Uses } from './uses.mjs';

/**
 * A query that renews connections after `maxUses`.
 * @param {() => import('mysql2/promise').Pool} currentPool
 * @param {number} maxUses
 */
export function queryOfMysql2(currentPool, maxUses) {
  const uses = new Uses(maxUses);
  return async () => {
    const connection = await currentPool().getConnection();
    try {
      await connection.query('SELECT 1');
    } finally {
      if (uses.isLast(connection.connection)) connection.destroy();
      else connection.release();
    }
  };
}
