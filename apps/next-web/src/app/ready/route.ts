import { getSecretClient, secretErrors } from '@kms-secrets/next';
import { connection } from 'next/server';
import { isStopping } from '../../shutdown.ts';

const headers = { 'cache-control': 'no-store' };

export const GET = secretErrors(async () => {
  await connection();
  if (isStopping()) return Response.json({ code: 'ERR_STOPPING' }, { status: 503, headers });
  await getSecretClient().ready();
  return Response.json({ isReady: true }, { headers });
});
