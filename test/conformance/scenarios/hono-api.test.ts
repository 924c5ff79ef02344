import { honoApi } from '../apps/hono-api.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(honoApi);
