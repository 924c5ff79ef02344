export { createKeyring, createSecretClient, fileStore, sdkTransport } from './create-client.ts';
export type {
  Envelope,
  FileStoreOptions,
  KeptSecret,
  Keyring,
  KeyringOptions,
  Note,
  Place,
  RpcClient,
  RpcRequest,
  RpcRuntime,
  SdkTransportOptions,
  SealingKey,
  SealProblem,
  SecretClient,
} from './create-client.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export type { ClientKey, Credentials, CredentialsProvider } from './credentials.ts';
export type { DeclaredOptions, JsonOf, NameOf, NamesOf, NamesUnder, SchemasOf } from './declared-names.ts';
export type { EndpointEntry, EndpointOptions } from './endpoints.ts';
export {
  AccessDeniedError,
  ClientClosedError,
  ConfigurationError,
  DeadlineExceededError,
  isSecretError,
  RequestRejectedError,
  SecretDisabledError,
  SecretError,
  SecretNotFoundError,
  SecretSetError,
  SecretTypeError,
  SecretUnavailableError,
  StoreError,
} from './errors.ts';
export type { AnySecretError, Attempt, ConfigurationIssue, SecretErrorCode } from './errors.ts';
export type { SecretEventName, SecretEvents, SecretListener } from './events.ts';
export { failures } from './failures.ts';
export type { FailureKind, FailureName } from './failures.ts';
export { SecretHandle } from './handle.ts';
export type { HandleSource } from './handle.ts';
export { healthOf } from './health.ts';
export type { ClientHealth } from './health.ts';
export type { SecretHook } from './hook.ts';
export { errorAnswer, healthAnswer } from './http-answer.ts';
export type { HttpAnswer } from './http-answer.ts';
export type { Logger } from './logger.ts';
export type {
  AccessKeyIdentity,
  ClientKeyIdentity,
  CredentialsUriIdentity,
  DefaultIdentity,
  EcsRamRoleIdentity,
  Identity,
  OidcRoleIdentity,
  RamRoleIdentity,
  StsIdentity,
} from './identity.ts';
export { milliseconds } from './option-rows.ts';
export type { Duration } from './option-rows.ts';
export type { ReadOptions, SecretClientOptions, SecretOptions } from './options.ts';
export { Secret } from './secret.ts';
export type { SecretFields, SecretRotation } from './secret.ts';
export { isSecretSnapshot, SecretSnapshot } from './snapshot.ts';
export type { MountOptions, SnapshotSource } from './snapshot.ts';
export type { ClientDescription, ClientStats, EndpointStatus, SecretStatus, StoreStatus } from './status.ts';
export type { SecretStore, StoredSecret, StoreLease, StoreNews } from './store.ts';
export { FetchFailure } from './transport.ts';
export type { FetchFailureDetails, SecretRequest, SecretTransport } from './transport.ts';
