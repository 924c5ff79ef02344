export { TerminusModule } from '@nestjs/terminus';
export { SomeModule } from './index.ts';
