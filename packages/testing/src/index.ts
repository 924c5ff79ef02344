export { startFakeEvents, startFakeMns } from './fake-events/index.ts';
export type {
  EventDelivery,
  EventFields,
  EventTarget,
  FakeEvents,
  FakeMns,
  FakeMnsOptions,
  FakeQueue,
  MnsRequestRecord,
  SignedEvent,
} from './fake-events/index.ts';
export { FakeClock } from './fake-clock.ts';
export { FakeKms, startAdmin, startFakeKms } from './fake-kms/index.ts';
export type {
  Admin,
  ApplyRotation,
  AutomaticRotation,
  CalendarClock,
  CertificateFault,
  CredentialFaultScope,
  CredentialRequestRecord,
  DataType,
  ExtendedConfig,
  FakeAccessKey,
  FakeClientKey,
  FakeClientKeyOptions,
  FakeCredentialsUri,
  FakeEcsRole,
  FakeEndpoint,
  FakeFault,
  FakeIdentity,
  FakeInstance,
  FakeKmsOptions,
  FakeMetadata,
  FakeOidcToken,
  FakeRole,
  FakeSts,
  FakeStsKey,
  FaultHandle,
  FaultScope,
  GatewayKind,
  ProtocolName,
  NextVersion,
  PutOptions,
  RequestRecord,
  RotationTargetOptions,
  SecretChange,
  SecretType,
  SettableClock,
} from './fake-kms/index.ts';
export { FakeStore } from './fake-store.ts';
export type { FakeStoreFault, FakeStoreOperation } from './fake-store.ts';
export { FakeTransport } from './fake-transport.ts';
export { fixedSecrets } from './fixed-secrets.ts';
export type { FixedSecretClient, FixedValue } from './fixed-secrets.ts';
