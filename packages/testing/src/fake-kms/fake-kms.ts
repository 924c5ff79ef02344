import type { AccessKeys, FakeAccessKey, FakeStsKey } from './auth/access-keys.ts';
import { processPki } from './certificates/pki.ts';
import type { ClientKeys, FakeClientKey, FakeClientKeyOptions } from './client-keys/client-keys.ts';
import { clientSettings, propertiesText } from './client-settings.ts';
import type { FakeIdentity } from './client-settings.ts';
import type { FaultRegistry } from './faults/fault-registry.ts';
import type { FakeFault, FaultHandle, FaultScope } from './faults/fault.ts';
import type { GeneratedFiles } from './generated-files.ts';
import type { FakeCredentialsUri } from './metadata/credentials-uri.ts';
import type { FakeMetadata } from './metadata/metadata.ts';
import type { FakeEndpoint } from './options.ts';
import { RotationTargets } from './secrets/rotation-targets.ts';
import type { ApplyRotation, RotationTargetOptions } from './secrets/rotation-targets.ts';
import { SecretChanges } from './secrets/secret-changes.ts';
import type { SecretChange } from './secrets/secret-changes.ts';
import type { PutOptions, SecretRepository } from './secrets/secret-repository.ts';
import type { Endpoints } from './server/endpoints.ts';
import type { RequestLog, RequestRecord } from './server/request-log.ts';
import type { SettableClock } from './settable-clock.ts';
import type { FakeSts } from './sts/sts.ts';

interface Parts {
  readonly accessKey: FakeAccessKey;
  readonly clientKeys: ClientKeys;
  readonly clock: SettableClock;
  readonly credentialsUri: FakeCredentialsUri;
  readonly endpoints: Endpoints;
  readonly faults: FaultRegistry;
  readonly files: GeneratedFiles;
  readonly keys: AccessKeys;
  readonly log: RequestLog;
  readonly metadata: FakeMetadata;
  readonly secrets: SecretRepository;
  readonly sts: FakeSts;
  readonly isPlainHttp: boolean;
}

/** A running fake KMS. Created by `startFakeKms`. */
export class FakeKms {
  /** The access key of the account. */
  readonly accessKey: FakeAccessKey;
  /** The CA certificates that a client must trust: root CA, then intermediate CA. */
  readonly caPem: string;
  /** The path of a file with `caPem`. */
  readonly caFilePath: string;
  /** The fake's time. `set` and `pass` throw if the fake was started with the option `clock`. */
  readonly clock: SettableClock;
  readonly sts: FakeSts;
  readonly metadata: FakeMetadata;
  readonly credentialsUri: FakeCredentialsUri;
  readonly #parts: Parts;
  readonly #targets: RotationTargets;
  readonly #changes = new SecretChanges();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#targets = new RotationTargets(parts.secrets);
    this.accessKey = parts.accessKey;
    this.clock = parts.clock;
    this.sts = parts.sts;
    this.metadata = parts.metadata;
    this.credentialsUri = parts.credentialsUri;
    this.caPem = processPki().caPem;
    this.caFilePath = parts.files.write('ca.pem', this.caPem);
  }

  get endpoints(): readonly FakeEndpoint[] {
    return this.#parts.endpoints.all;
  }

  /** The shared gateway of a region, or an instance, by its id. Throws a `TypeError` for an unknown id. */
  endpoint(id: string): FakeEndpoint {
    return this.#parts.endpoints.get(id);
  }

  /** The settings that point a client to this fake, under the names that all official secret clients read. */
  environment(identity?: FakeIdentity): Record<string, string> {
    const { accessKey, endpoints, sts, credentialsUri } = this;
    const caFilePath = this.#parts.isPlainHttp ? undefined : this.caFilePath;
    const target = { accessKey, endpoints, caFilePath, stsEndpoint: sts.endpoint, credentialsUri: credentialsUri.url };
    return clientSettings(target, identity);
  }

  /** The settings as the text of a `secretsmanager.properties`. */
  properties(identity?: FakeIdentity): string {
    return propertiesText(this.environment(identity));
  }

  /** Writes the properties to a file that only its owner can read, and returns its path. `close` removes the file. */
  writeProperties(path?: string, identity?: FakeIdentity): string {
    return this.#parts.files.write('secretsmanager.properties', this.properties(identity), path);
  }

  /** Creates a secret, or adds a version to it and moves the stages. Returns the version id. */
  put(name: string, value: string, options?: PutOptions): string {
    const isNew = this.#parts.secrets.find(name) === undefined;
    const versionId = this.#parts.secrets.put(name, value, options);
    if (!isNew) this.#changes.emit({ name, kind: 'put' });
    return versionId;
  }

  /** Creates a new current version, as the rotation of KMS does. Returns its id. */
  rotate(name: string, options: { readonly value?: string } = {}): string {
    if (typeof options === 'string') {
      throw new TypeError("rotate(): expected options such as { value: 'new' }, got a string.");
    }
    const versionId = this.#parts.secrets.rotate(name, options.value);
    this.#changes.emit({ name, kind: 'rotated' });
    return versionId;
  }

  /**
   * Calls `apply` with the next version in each `rotateManaged()` of the secret, before it is published: change the password in a
   * database there, as KMS does. Returns a function that undoes this.
   */
  onRotate(name: string, apply: ApplyRotation, options?: RotationTargetOptions): () => void {
    return this.#targets.set(name, apply, options);
  }

  /**
   * Rotates a secret with what `onRotate` does before, and its gap. Resolves to the id of the new version. Rejects with the error of
   * `onRotate`; then no version is published. The rotations by date do not call `onRotate`.
   */
  async rotateManaged(name: string, { value }: { readonly value?: string } = {}): Promise<string> {
    try {
      const versionId = await this.#targets.rotate(name, value);
      this.#changes.emit({ name, kind: 'rotated' });
      return versionId;
    } catch (error) {
      if (this.#parts.secrets.find(name) !== undefined) this.#changes.emit({ name, kind: 'rotationFailed' });
      throw error;
    }
  }

  /**
   * Calls `listener` after each new version by `put`, `rotate` and `rotateManaged`, and after each `rotateManaged` that fails. Returns a
   * function that removes it. See `startFakeEvents`.
   */
  onChange(listener: (change: SecretChange) => void): () => void {
    return this.#changes.on(listener);
  }

  /** Attaches a stage to another version of the secret. */
  moveStage(name: string, stage: string, versionId: string): void {
    this.#parts.secrets.moveStage(name, stage, versionId);
  }

  /**
   * Responds with 403 `Forbidden.NoPermission` for this name, whether the secret exists or not.
   *
   * An ARN denies the secret of that region and account. One of another account or region is otherwise not found.
   */
  deny(nameOrArn: string): void {
    this.#parts.secrets.deny(nameOrArn);
  }

  /** Undoes `deny`. */
  allow(nameOrArn: string): void {
    this.#parts.secrets.allow(nameOrArn);
  }

  /** Responds with 409 `Rejected.Disabled` for this secret. */
  disable(name: string): void {
    this.#parts.secrets.disable(name);
  }

  /** Undoes `disable`. */
  enable(name: string): void {
    this.#parts.secrets.enable(name);
  }

  /** Deletes the secret. Responds with 404 `Forbidden.ResourceNotFound`. */
  remove(name: string): void {
    this.#parts.secrets.remove(name);
  }

  /** Responds with 409 `Rejected.PendingDeletion` for this secret. */
  scheduleDeletion(name: string): void {
    this.#parts.secrets.scheduleDeletion(name);
  }

  /** Undoes `scheduleDeletion`. */
  restore(name: string): void {
    this.#parts.secrets.restore(name);
  }

  /** Adds an access key of a RAM user, as a rotation of a RAM secret does. */
  addAccessKey(key: FakeAccessKey): void {
    this.#parts.keys.add(key);
  }

  addStsKey(key: FakeStsKey): void {
    this.#parts.keys.addTemporary(key);
  }

  /** Creates a client key and its files, as CreateClientKey does. `close` removes the files. */
  createClientKey(options: FakeClientKeyOptions): FakeClientKey {
    return this.#parts.clientKeys.create(options);
  }

  /**
   * Registers a client key of another fake here, with the same permissions and expiry. Saves the time of generating a key,
   * which takes longer than starting a fake. The files of the key are removed when the other fake is closed.
   */
  addClientKey(key: FakeClientKey): void {
    this.#parts.clientKeys.add(key);
  }

  /** Also accepts the id of a client key. */
  disableAccessKey(accessKeyId: string): void {
    this.#parts.keys.disable(accessKeyId);
  }

  /** Also accepts the id of a client key. */
  removeAccessKey(accessKeyId: string): void {
    this.#parts.keys.remove(accessKeyId);
  }

  /**
   * Adds a fault. If several faults match a request, the one added first applies.
   *
   * Throws a `TypeError` for an unknown kind, an invalid field or an unknown region.
   */
  fault(fault: FakeFault, scope: FaultScope = {}): FaultHandle {
    if (scope.region !== undefined) this.#parts.endpoints.get(scope.region);
    return this.#parts.faults.add(fault, scope);
  }

  /** Removes all faults, or those that were added for that region. */
  heal(region?: string): void {
    this.#parts.faults.heal(region);
  }

  /** Closes the ports and connections of a region and its instances, or of an instance. Connections are then refused. */
  async stop(id: string): Promise<void> {
    await Promise.all(this.#parts.endpoints.listeners(id).map((listener) => listener.close()));
  }

  /** Opens the same ports again. */
  async start(id: string): Promise<void> {
    await Promise.all(this.#parts.endpoints.listeners(id).map((listener) => listener.open()));
  }

  get requests(): readonly RequestRecord[] {
    return this.#parts.log.records;
  }

  clearRequests(): void {
    this.#parts.log.clear();
  }

  /** The number of requests without a complete response. */
  get openRequests(): number {
    return this.#parts.endpoints.openRequests;
  }

  /** The number of completed TLS handshakes. */
  get handshakes(): number {
    return this.#parts.endpoints.handshakes;
  }

  /** The number of requests over a connection with a faulty certificate. Must be 0 for a client that verifies it. */
  get badCertificateRequests(): number {
    return this.#parts.endpoints.badCertificateRequests;
  }

  /** Closes all sockets and removes all files. */
  async close(): Promise<void> {
    try {
      await this.#parts.endpoints.closeAll();
      await Promise.all([this.sts, this.metadata, this.credentialsUri].map((server) => server.stop()));
    } finally {
      this.#parts.files.remove();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
