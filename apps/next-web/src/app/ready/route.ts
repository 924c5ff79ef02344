import { getSecretClient, secretErrors } from '@kms-secrets/next';
import { connection } from 'next/server';

export const GET = secretErrors(async () => {
  await connection();
  await getSecretClient().ready();
  return Response.json({ isReady: true }, { headers: { 'cache-control': 'no-store' } });
});
