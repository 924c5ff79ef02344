import { expressApi } from '../apps/express-api.ts';
import { playEveryScenario } from './play-every-scenario.ts';

playEveryScenario(expressApi);
