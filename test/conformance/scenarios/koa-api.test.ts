import { koaApi } from '../apps/koa-api.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(koaApi);
