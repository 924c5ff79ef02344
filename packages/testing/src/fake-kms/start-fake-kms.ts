import { AccessKeys, createAccessKey } from './auth/access-keys.ts';
import { Authentication } from './auth/authentication.ts';
import { ClientKeys } from './client-keys/client-keys.ts';
import { FakeKms } from './fake-kms.ts';
import { FaultRegistry } from './faults/fault-registry.ts';
import { GeneratedFiles } from './generated-files.ts';
import { FakeCredentialsUri } from './metadata/credentials-uri.ts';
import { FakeMetadata } from './metadata/metadata.ts';
import { validateOptions } from './options.ts';
import type { FakeKmsOptions } from './options.ts';
import { SecretRepository } from './secrets/secret-repository.ts';
import { Endpoints } from './server/endpoints.ts';
import { RequestLog } from './server/request-log.ts';
import { createSettableClock, readOnlyClock } from './settable-clock.ts';
import { FakeSts } from './sts/sts.ts';
import { TemporaryKeys } from './sts/temporary-keys.ts';

/**
 * Starts a strict fake of KMS on loopback. It rejects what KMS rejects, with the same codes and texts, and injects faults
 * on request.
 *
 * It is strict because a client that passes tests against a lenient server fails in production. Throws a `TypeError` for
 * invalid options.
 */
export async function startFakeKms(options: FakeKmsOptions = {}): Promise<FakeKms> {
  const { regions, instances } = validateOptions(options);
  const clock = options.clock === undefined ? createSettableClock() : readOnlyClock(options.clock);
  // First the files: if they cannot be written, no port is open yet.
  const files = new GeneratedFiles({ directory: options.directory });
  const accessKey = { ...(options.accessKey ?? createAccessKey()) };
  const keys = new AccessKeys({ clock });
  keys.add(accessKey);
  const secrets = new SecretRepository({ clock });
  const faults = new FaultRegistry();
  const log = new RequestLog();
  const authentication = new Authentication({ keys, clock });
  const isPlainHttp = options.plainHttp ?? false;
  const endpoints = new Endpoints({
    regions,
    instances,
    acceptTokenScheme: options.acceptTokenScheme ?? false,
    supportsBatch: options.supportsBatch ?? true,
    authentication,
    secrets,
    faults,
    log,
    clock,
    port: options.port ?? 0,
    isPlainHttp,
    quota: options.quota ?? 450,
  });
  const temporaryKeys = new TemporaryKeys({ keys, clock });
  const sts = new FakeSts({ authentication, temporaryKeys, clock, regions, port: options.stsPort ?? 0 });
  const metadata = new FakeMetadata({ temporaryKeys, clock });
  const credentialsUri = new FakeCredentialsUri({ temporaryKeys, clock });
  const clientKeys = new ClientKeys({ keys, files, clock });
  // Before the servers start, because its constructor writes a file.
  const kms = createFakeKms({
    accessKey,
    clientKeys,
    clock,
    credentialsUri,
    endpoints,
    faults,
    files,
    keys,
    log,
    metadata,
    secrets,
    sts,
    isPlainHttp,
  });
  try {
    // First the servers whose ports may be fixed; the others could otherwise occupy them.
    await endpoints.openAll();
    for (const server of [sts, metadata, credentialsUri]) await server.start();
    return kms;
  } catch (error) {
    await kms.close();
    throw error;
  }
}

/** Removes the files if one of them cannot be written. */
function createFakeKms(parts: ConstructorParameters<typeof FakeKms>[0]): FakeKms {
  try {
    return new FakeKms(parts);
  } catch (error) {
    parts.files.remove();
    throw error;
  }
}
