export { FakeClock } from './fake-clock.ts';
export { FakeKms, startAdmin, startFakeKms } from './fake-kms/index.ts';
export type {
  Admin,
  AutomaticRotation,
  CalendarClock,
  CertificateFault,
  DataType,
  DialectName,
  ExtendedConfig,
  FakeAccessKey,
  FakeClientKey,
  FakeClientKeyOptions,
  FakeCredentialsUri,
  FakeEndpoint,
  FakeFault,
  FakeIdentity,
  FakeKmsOptions,
  FakeMachineRole,
  FakeMetadata,
  FakeOidcToken,
  FakeRole,
  FakeSts,
  FakeStsKey,
  FaultHandle,
  FaultScope,
  GatewayKind,
  InstancePlace,
  PutOptions,
  RequestRecord,
  SecretType,
  SettableClock,
  SideRequest,
  SideScope,
} from './fake-kms/index.ts';
export { FakeStore } from './fake-store.ts';
export type { FakeStoreFault, FakeStoreOperation } from './fake-store.ts';
export { FakeTransport } from './fake-transport.ts';
export { fixedSecrets } from './fixed-secrets.ts';
export type { FixedValue } from './fixed-secrets.ts';
