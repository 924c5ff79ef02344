import { expressApi } from '../apps/express-api.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(expressApi);
