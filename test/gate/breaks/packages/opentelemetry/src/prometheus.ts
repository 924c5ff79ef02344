export { metrics } from '@opentelemetry/api'; // breaks eslint(no-restricted-imports): only in instrument.ts
export { Entry } from '../../core/src/memory/entry.ts'; // breaks eslint(no-restricted-imports): public API
setInterval(() => 1, 1); // breaks eslint(no-restricted-globals): It has no timers
export const start = performance.now(); // breaks eslint(no-restricted-globals): FetchMessage.duration
export const key = process.env['OTEL_EXPORTER_OTLP_HEADERS']; // breaks node(no-process-env): process.env
