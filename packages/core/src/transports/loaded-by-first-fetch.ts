// One module for all `import()`s of transports: the bundle has one file for them, and each file costs a start as much as 30 kB of code.

export { InstanceTransport } from './instance/instance-transport.ts';
export { OpenApiTransport } from './openapi/openapi-transport.ts';
export { fetchFailureFromSdk } from './sdk/sdk-failure.ts';
