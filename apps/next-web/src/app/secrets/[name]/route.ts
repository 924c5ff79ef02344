import { getSecret, secretErrors } from '@kms-secrets/next';
import { secretInfo } from '../../../secret-info.ts';

export const GET = secretErrors(async (_request: Request, { params }: RouteContext<'/secrets/[name]'>) => {
  const { name } = await params;
  return secretInfo(await getSecret(name));
});
