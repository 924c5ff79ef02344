// Everything that Midway has to load: `imports: [app]`. It binds each class that a module exports.
export { MainConfiguration } from './configuration.ts';
export { OtherErrorsFilter } from './other-errors.filter.ts';
export { ProbesController } from './probes.controller.ts';
export { SecretsController } from './secrets.controller.ts';
export { Shutdown } from './shutdown.ts';
