import type { AppUnderTest } from './app-under-test.ts';
import { eggApi } from './egg-api.ts';
import { expressApi } from './express-api.ts';
import { fastifyApi } from './fastify-api.ts';
import { honoApi } from './hono-api.ts';
import { koaApi } from './koa-api.ts';
import { midwayApi } from './midway-api.ts';
import { nestApi } from './nest-api.ts';
import { nextWeb } from './next-web.ts';

/** Every app of `apps/`. Add a line for a new framework. */
export const apps: readonly AppUnderTest[] = [
  eggApi,
  expressApi,
  fastifyApi,
  honoApi,
  koaApi,
  midwayApi,
  nestApi,
  nextWeb,
];
