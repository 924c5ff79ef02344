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
  FakeEndpoint,
  FakeFault,
  FakeIdentity,
  FakeKmsOptions,
  FakeStsKey,
  FaultHandle,
  FaultScope,
  GatewayKind,
  PutOptions,
  RequestRecord,
  SecretType,
  SettableClock,
} from './fake-kms/index.ts';
export { FakeTransport } from './fake-transport.ts';
