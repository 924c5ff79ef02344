export type { SecretClient } from './client/client.ts';
export { SecretHandle } from './client/handle.ts';
export type { HandleOptions, HandleSource } from './client/handle.ts';
export { isSecretClient } from './client/is-secret-client.ts';
export type { ClientMessage, EventMessage, FetchMessage, FetchResult } from './secret/channel-messages.ts';
export type { ClientMonitor } from './secret/monitor.ts';
export type { SetMember } from './client/secret-set.ts';
export { createSecretClient } from './create-client.ts';
export { fileStore } from './file-store/file-store.ts';
export type { FileStoreOptions } from './file-store/file-store.ts';
export type { EntryLocation, Envelope, EnvelopeMessage, SecretEntry, UnsealFailure } from './seal/envelope.ts';
export { keyValueStore } from './seal/key-value-store.ts';
export type { KeyValueStorage, KeyValueStoreOptions } from './seal/key-value-store.ts';
export { createKeyring } from './seal/keyring.ts';
export type { Keyring, KeyringOptions, SealingKey } from './seal/keyring.ts';
export { sdkTransport } from './transports/sdk/sdk-transport.ts';
export type { RpcClient, RpcRequest, RpcRuntime, SdkTransportOptions } from './transports/sdk/sdk-transport.ts';
export { systemClock } from './time/clock.ts';
export type { Clock } from './time/clock.ts';
export type { ClientKey, Credentials, CredentialsProvider } from './ports/credentials.ts';
export type { DeclaredOptions, JsonOf, NameOf, NamesOf, NamesUnder, SchemasOf } from './adapter-kit/declared-names.ts';
export type { EndpointEntry, EndpointOptions } from './options/endpoints.ts';
export {
  AccessDeniedError,
  ClientClosedError,
  ConfigurationError,
  DeadlineExceededError,
  IdentityRejectedError,
  isOutage,
  isSecretError,
  RequestRejectedError,
  SecretDisabledError,
  SecretError,
  SecretNotFoundError,
  SecretSetError,
  SecretTypeError,
  SecretUnavailableError,
  StoreError,
} from './secret/errors.ts';
export type { AnySecretError, Attempt, ConfigurationIssue, SecretErrorCode } from './secret/errors.ts';
export type {
  ListenOptions,
  SecretEventName,
  SecretEvents,
  SecretListener,
  SecretRef,
  Subscription,
} from './secret/events.ts';
export { failures } from './secret/failures.ts';
export type { FailureName, FailurePolicy } from './secret/failures.ts';
export { healthOptionNames, refuseUnknownOptions } from './adapter-kit/known-options.ts';
export { loadDeclared } from './adapter-kit/load-declared.ts';
export { errorCode, errorName, isError } from './secret/is-error.ts';
export type { SecretHook } from './ports/hook.ts';
export { contentHeaders, errorResponse, healthResponse } from './adapter-kit/http-response.ts';
export type { HttpResponse } from './adapter-kit/http-response.ts';
export type { LogFields, Logger } from './ports/logger.ts';
export type {
  AccessKeyIdentity,
  ClientKeyIdentity,
  CredentialsFunction,
  CredentialsUriIdentity,
  DefaultIdentity,
  EcsRamRoleIdentity,
  Identity,
  OidcRoleIdentity,
  RamRoleIdentity,
  StsIdentity,
} from './options/identity.ts';
export { milliseconds } from './time/duration.ts';
export type { Duration } from './time/duration.ts';
export type {
  BreakerOptions,
  FetchedTimes,
  HedgeOptions,
  LimitOptions,
  PreloadOptions,
  ReadOptions,
  RefreshReadOptions,
  ReadyOptions,
  RefreshOptions,
  RetryOptions,
  SecretClientOptions,
  SecretOptions,
} from './options/options.ts';
export { isSecret, Secret } from './secret/secret.ts';
export type { SecretFields, SecretRotation } from './secret/secret-fields.ts';
export { isSecretSnapshot, SecretSnapshot } from './adapter-kit/snapshot.ts';
export type { MountOptions, SnapshotSource } from './adapter-kit/snapshot.ts';
export type {
  ClientDescription,
  ClientHealth,
  ClientStats,
  DescribeOptions,
  EndpointStatus,
  HealthOptions,
  IdentityStatus,
  SecretCounts,
  SecretStatus,
  ExpiryStatus,
  HealthProblem,
  StoreStatus,
} from './secret/status.ts';
export type { SecretStore, StoredSecret, StoreLease, StoreEvent } from './ports/store.ts';
export { FetchFailure } from './ports/transport.ts';
export type { FetchFailureDetails, SecretTransport } from './ports/transport.ts';
export { toSecretRequest } from './secret/secret-request.ts';
export type { SecretRequest } from './secret/secret-request.ts';
