import { entry } from './cache/entry.ts';
import { client } from './client.ts';
import { environment } from './config/environment.ts';
export const createClient = async (): Promise<unknown> => {
  const { fetchSecret } = await import('./transports/openapi/transport.ts');
  return [client({}), entry({}), environment, fetchSecret({})];
};
