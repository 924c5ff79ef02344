import { AccessKeys, makeAccessKey } from './auth/access-keys.ts';
import type { FakeAccessKey, FakeStsKey } from './auth/access-keys.ts';
import { Authentication } from './auth/authentication.ts';
import { processPki } from './certificates/pki.ts';
import { ClientKeys } from './client-keys/client-keys.ts';
import type { FakeClientKey, FakeClientKeyOptions } from './client-keys/client-keys.ts';
import { clientSettings, propertiesText } from './client-settings.ts';
import type { FakeIdentity } from './client-settings.ts';
import { FaultBoard } from './faults/fault-registry.ts';
import type { FakeFault, FaultHandle, FaultScope } from './faults/fault-registry.ts';
import { Files } from './generated-files.ts';
import { checkOptions } from './options.ts';
import type { FakeEndpoint, FakeKmsOptions } from './options.ts';
import { FakeCredentialsUri } from './metadata/credentials-uri.ts';
import { FakeMetadata } from './metadata/metadata.ts';
import { Regions } from './server/endpoints.ts';
import { RequestLog } from './server/request-log.ts';
import type { RequestRecord } from './server/request-log.ts';
import { borrowClock, createSettableClock } from './settable-clock.ts';
import type { SettableClock } from './settable-clock.ts';
import { FakeSts } from './sts/sts.ts';
import { TemporaryKeys } from './sts/temporary-keys.ts';
import { Vault } from './secrets/secret-repository.ts';
import type { PutOptions } from './secrets/secret-repository.ts';

/**
 * A strict KMS on loopback: it refuses whatever KMS would refuse, in the same words, and fails in any way a test asks for.
 *
 * Strict, because a client that is tested against a forgiving server finds out about its mistakes in production.
 */
export async function startFakeKms(options: FakeKmsOptions = {}): Promise<FakeKms> {
  const { regions: names, instances } = checkOptions(options);
  const clock = options.clock === undefined ? createSettableClock() : borrowClock(options.clock);
  const accessKey = { ...(options.accessKey ?? makeAccessKey()) };
  const keys = new AccessKeys({ clock });
  keys.add(accessKey);
  const [vault, faults, log] = [new Vault({ clock }), new FaultBoard(), new RequestLog()];
  const authentication = new Authentication({ keys, clock });
  const regions = new Regions({
    regions: names,
    instances,
    acceptTokenScheme: options.acceptTokenScheme ?? false,
    supportsBatch: options.supportsBatch ?? true,
    authentication,
    vault,
    faults,
    log,
    clock,
    port: options.port ?? 0,
    isPlainHttp: options.plainHttp ?? false,
    quota: options.quota ?? 450,
  });
  const temporaryKeys = new TemporaryKeys({ keys, clock });
  const sts = new FakeSts({ authentication, temporaryKeys, clock });
  const metadata = new FakeMetadata({ temporaryKeys, clock });
  const credentialsUri = new FakeCredentialsUri({ temporaryKeys, clock });
  // The regions first: they may want ports that another one would be given.
  await regions.openAll();
  for (const server of [sts, metadata, credentialsUri]) await server.start();
  const files = new Files({ directory: options.directory });
  return new FakeKms({
    accessKey,
    clientKeys: new ClientKeys({ keys, files, clock }),
    clock,
    credentialsUri,
    faults,
    files,
    keys,
    log,
    metadata,
    regions,
    sts,
    vault,
    isPlainHttp: options.plainHttp ?? false,
  });
}

interface Parts {
  readonly accessKey: FakeAccessKey;
  readonly clientKeys: ClientKeys;
  readonly clock: SettableClock;
  readonly credentialsUri: FakeCredentialsUri;
  readonly faults: FaultBoard;
  readonly files: Files;
  readonly keys: AccessKeys;
  readonly log: RequestLog;
  readonly metadata: FakeMetadata;
  readonly regions: Regions;
  readonly sts: FakeSts;
  readonly vault: Vault;
  readonly isPlainHttp: boolean;
}

/** A running fake KMS. Made by `startFakeKms`. */
export class FakeKms {
  readonly accessKey: FakeAccessKey;
  /** Root, then second authority: what a client must trust. */
  readonly caPem: string;
  /** A file with `caPem`. */
  readonly caFilePath: string;
  /** The fake's time. Can be moved only if it is the fake's own clock. */
  readonly clock: SettableClock;
  readonly sts: FakeSts;
  readonly metadata: FakeMetadata;
  readonly credentialsUri: FakeCredentialsUri;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.accessKey = parts.accessKey;
    this.clock = parts.clock;
    this.sts = parts.sts;
    this.metadata = parts.metadata;
    this.credentialsUri = parts.credentialsUri;
    this.caPem = processPki().caPem;
    this.caFilePath = parts.files.write('ca.pem', this.caPem);
  }

  get endpoints(): readonly FakeEndpoint[] {
    return this.#parts.regions.endpoints;
  }

  /** By the id of a region, for its shared gateway, or of an instance. */
  endpoint(name: string): FakeEndpoint {
    return this.#parts.regions.endpoint(name);
  }

  /** The environment that brings a client here, in the names all official secret clients read. */
  environment(identity?: FakeIdentity): Record<string, string> {
    const { accessKey, isPlainHttp } = this.#parts;
    const caFilePath = isPlainHttp ? undefined : this.caFilePath;
    const { endpoints, sts, credentialsUri } = this;
    const reached = { accessKey, endpoints, caFilePath, stsEndpoint: sts.endpoint, credentialsUri: credentialsUri.url };
    return clientSettings(reached, identity);
  }

  /** The same as the text of a `secretsmanager.properties`. */
  properties(identity?: FakeIdentity): string {
    return propertiesText(this.environment(identity));
  }

  /** Writes that text to a file only its owner can read; returns its path. The file is removed on `close`. */
  writeProperties(file?: string, identity?: FakeIdentity): string {
    return this.#parts.files.write('secretsmanager.properties', this.properties(identity), file);
  }

  /** Creates a secret, or adds a version to it; the labels move at once. Returns the version's id. */
  put(name: string, value: string, options?: PutOptions): string {
    return this.#parts.vault.put(name, value, options);
  }

  /** Gives a secret a new current version as KMS's own rotation would; returns its id. */
  rotate(name: string, options: { readonly value?: string } = {}): string {
    return this.#parts.vault.rotate(name, options.value);
  }

  moveStage(name: string, stage: string, versionId: string): void {
    this.#parts.vault.moveStage(name, stage, versionId);
  }

  /** Reading that secret is answered with 403 `Forbidden.NoPermission`, whether there is one or not. */
  deny(name: string): void {
    this.#parts.vault.deny(name);
  }

  allow(name: string): void {
    this.#parts.vault.allow(name);
  }

  /** Reading that secret is answered with 409 `Rejected.Disabled`. */
  disable(name: string): void {
    this.#parts.vault.disable(name);
  }

  enable(name: string): void {
    this.#parts.vault.enable(name);
  }

  /** Gone: reading it is answered with 404 `Forbidden.ResourceNotFound`. */
  remove(name: string): void {
    this.#parts.vault.remove(name);
  }

  /** Reading that secret is answered with 409 `Rejected.PendingDeletion`. */
  scheduleDeletion(name: string): void {
    this.#parts.vault.scheduleDeletion(name);
  }

  restore(name: string): void {
    this.#parts.vault.restore(name);
  }

  addStsKey(key: FakeStsKey): void {
    this.#parts.keys.addTemporary(key);
  }

  /** Makes a client key with its files, as CreateClientKey does. The files are removed on `close`. */
  createClientKey(options: FakeClientKeyOptions): FakeClientKey {
    return this.#parts.clientKeys.create(options);
  }

  /**
   * Makes a client key of another fake known here, with the same rights, until the same time: making one takes longer than
   * starting a fake. Its files stay the other one's, and are gone when that is closed; its `json` and `password` are not.
   */
  addClientKey(key: FakeClientKey): void {
    this.#parts.clientKeys.add(key);
  }

  /** A client key too, by its id. */
  disableAccessKey(accessKeyId: string): void {
    this.#parts.keys.disable(accessKeyId);
  }

  removeAccessKey(accessKeyId: string): void {
    this.#parts.keys.remove(accessKeyId);
  }

  /** Plants a fault. Of several that fit, the one planted first strikes. */
  fault(fault: FakeFault, where: FaultScope = {}): FaultHandle {
    if (where.region !== undefined) this.#parts.regions.endpoint(where.region);
    return this.#parts.faults.plant(fault, where);
  }

  /** Removes all faults, or those planted for that region alone. */
  heal(region?: string): void {
    this.#parts.faults.heal(region);
  }

  /** Closes the ports of a region, or of an instance alone, and their connections: from now on they are refused. */
  async stop(region: string): Promise<void> {
    await Promise.all(this.#parts.regions.listeners(region).map((listener) => listener.shut()));
  }

  /** Opens those ports again: the same ones. */
  async start(region: string): Promise<void> {
    await Promise.all(this.#parts.regions.listeners(region).map((listener) => listener.open()));
  }

  get requests(): readonly RequestRecord[] {
    return this.#parts.log.records;
  }

  clearRequests(): void {
    this.#parts.log.clear();
  }

  /** Requests that came and have had no complete answer yet. */
  get openRequests(): number {
    return this.#parts.regions.openRequests;
  }

  /** Completed TLS handshakes. */
  get handshakes(): number {
    return this.#parts.regions.handshakes;
  }

  /** Requests over a connection whose certificate was bad on purpose: not 0 means that a client does not check. */
  get badCertificateRequests(): number {
    return this.#parts.regions.badCertificateRequests;
  }

  /** Leaves no socket, timer or file behind. */
  async close(): Promise<void> {
    await this.#parts.regions.shutAll();
    await Promise.all([this.sts, this.metadata, this.credentialsUri].map((server) => server.stop()));
    this.#parts.files.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
