import { getSecretClient, secretErrors } from '@kms-secrets/next';
import { connection } from 'next/server';

export const GET = secretErrors(async () => {
  await connection();
  return Response.json(getSecretClient().stats(), { headers: { 'cache-control': 'no-store' } });
});
