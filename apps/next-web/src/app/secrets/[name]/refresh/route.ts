import { getSecretClient, secretErrors } from '@kms-secrets/next';
import { secretInfo } from '../../../../secret-info.ts';

export const POST = secretErrors(async (_request: Request, { params }: RouteContext<'/secrets/[name]/refresh'>) => {
  const { name } = await params;
  return secretInfo(await getSecretClient().refresh(name));
});
