import { midwayApi } from '../apps/midway-api.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(midwayApi);
