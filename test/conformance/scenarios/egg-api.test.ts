import { eggApi } from '../apps/egg-api.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(eggApi);
