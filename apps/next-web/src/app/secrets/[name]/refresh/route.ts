import { getSecretClient, secretErrors } from '@kms-secrets/next';
import { described } from '../../../../described.ts';

export const POST = secretErrors(async (_request: Request, { params }: RouteContext<'/secrets/[name]/refresh'>) => {
  const { name } = await params;
  return described(await getSecretClient().refresh(name));
});
