import { nextWeb } from '../apps/next-web.ts';
import { runEveryScenario } from './run-every-scenario.ts';

runEveryScenario(nextWeb);
