import { fastifyApi } from '../apps/fastify-api.ts';
import { playEveryScenario } from './play-every-scenario.ts';

playEveryScenario(fastifyApi);
