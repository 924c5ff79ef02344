import { nestApi } from '../apps/nest-api.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(nestApi);
