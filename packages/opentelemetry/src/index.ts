export { instrumentSecrets } from './instrument.ts';
export type { InstrumentOptions } from './instrument.ts';
export type { MeasuredClients, MonitoredClient } from './options.ts';
