import { nextWeb } from '../apps/next-web.ts';
import { playEveryScenario } from './play-every-scenario.ts';

playEveryScenario(nextWeb);
