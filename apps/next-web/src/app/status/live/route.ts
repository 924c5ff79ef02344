import { getSecretClient } from '@kms-secrets/next';
import { connection } from 'next/server';
import { statusOf } from '../../../status/status.ts';

/** What the page asks again and again. */
export async function GET(): Promise<Response> {
  await connection();
  return Response.json(statusOf(getSecretClient()), { headers: { 'cache-control': 'no-store' } });
}
