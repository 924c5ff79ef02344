import { getSecret, secretErrors } from '@kms-secrets/next';
import { described } from '../../../described.ts';

export const GET = secretErrors(async (_request: Request, { params }: RouteContext<'/secrets/[name]'>) => {
  const { name } = await params;
  return described(await getSecret(name));
});
