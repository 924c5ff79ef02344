import { keep } from './client/keep.ts';
import { edge } from './config/edge.ts';
export const createClient = async (): Promise<unknown> => {
  const { transport } = await import('./transports/openapi/transport.ts');
  return [keep, edge, transport];
};
