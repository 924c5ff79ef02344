import { fastifyApi } from '../apps/fastify-api.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(fastifyApi);
