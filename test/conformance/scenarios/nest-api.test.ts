import { nestApi } from '../apps/nest-api.ts';
import { playEveryScenario } from './play-every-scenario.ts';

playEveryScenario(nestApi);
