export { adapterClauses, describeAdapter } from './adapter.ts';
export { failedClauses } from './contract.ts';
export type { Clause } from './contract.ts';
export { credentialsClauses, describeCredentials } from './credentials.ts';
export type { CredentialsFixture, OpenCredentials } from './credentials.ts';
export { describeStore, storeClauses } from './store.ts';
export type { OpenStore } from './store.ts';
export { describeTransport, transportClauses } from './transport.ts';
export type { OpenTransport, TransportContractOptions, TransportSubject } from './transport.ts';
export { scenarios } from '../scenarios/index.ts';
export { AppClient } from '../scenarios/harness/app-client.ts';
export type { AppResponse, HealthResponse, RawResponse } from '../scenarios/harness/app-client.ts';
export { runScenario } from '../scenarios/harness/run-scenario.ts';
export type { Connect, RunningApp, ScenarioSubject, StartApp } from '../scenarios/harness/run-scenario.ts';
export type {
  NamedScenario,
  Scenario,
  ScenarioClientOptions,
  ScenarioFakes,
  ScenarioFixture,
} from '../scenarios/harness/scenario.ts';
