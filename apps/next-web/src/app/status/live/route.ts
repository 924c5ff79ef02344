import { getSecretClient } from '@kms-secrets/next';
import { connection } from 'next/server';
import { statusAccess } from '../../../status-access.ts';
import { statusOf } from '../../../status/status.ts';

/** The status page polls this route. */
export async function GET({ headers }: Request): Promise<Response> {
  await connection();
  if (statusAccess(headers.get('authorization')) !== 'allowed') {
    return Response.json({ code: 'ERR_NO_ROUTE' }, { status: 404, headers: { 'cache-control': 'no-store' } });
  }
  return Response.json(statusOf(getSecretClient()), { headers: { 'cache-control': 'no-store' } });
}
