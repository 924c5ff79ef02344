export { MeterProvider } from '@opentelemetry/sdk-metrics'; // breaks eslint(no-restricted-imports): that of the user
