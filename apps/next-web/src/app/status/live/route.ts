import { getSecretClient } from '@kms-secrets/next';
import { connection } from 'next/server';
import { statusOf } from '../../../status/status.ts';

/** The status page polls this route. */
export async function GET(): Promise<Response> {
  await connection();
  return Response.json(statusOf(getSecretClient()), { headers: { 'cache-control': 'no-store' } });
}
