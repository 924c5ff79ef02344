import { expect, test } from 'vitest';
import { testPool } from './driver-under-test.fixture.ts';
import type { DriverUnderTest } from './driver-under-test.fixture.ts';
import { startMysql8 } from './mysql8.fixture.ts';
import { databaseSecret } from './rotation.fixture.ts';

/** The logins of MySQL 8. Debian has no package of it: see `startMysql8()`. */
export function testMysql8(driver: DriverUnderTest): void {
  test('full and fast logins with caching_sha2_password survive a rotation', async () => {
    const mysql = await startMysql8('s3cret-1');
    const { secrets, publish, kms } = databaseSecret();
    publish('v1', 'app', 's3cret-1');
    const pool = testPool(driver, { secrets, port: mysql.port });
    const connections = [await pool.connect()];

    mysql.changePassword('s3cret-2');
    publish('v2', 'app', 's3cret-2');
    connections.push(await pool.connect(), await pool.connect());

    expect(mysql.logins).toEqual(['full', 'rejected', 'full', 'fast']);
    expect(kms.requests.length).toBe(2);
    for (const connection of connections) await connection.release();
    expect(pool.connections()).toEqual({ total: 2, idle: 2 });
  });
}
