import { accessSync, constants, statSync } from 'node:fs';
import { errorCode, isSecretError, safeMessage } from '@kms-secrets/core/internal';
import type { SecretStore, StoredSecret } from '@kms-secrets/core/internal';
import type { ParsedArguments } from '../arguments/command.ts';
import { CliError } from '../cli-error.ts';
import type { Host } from '../host.ts';
import { storeLocation } from '../open-client.ts';
import { createStore, isRedis } from '../store.ts';
import type { Check } from './check.ts';
import { failed, ok, warning } from './check.ts';

/** A name that no secret has: the check must not touch those of applications. */
const request = { name: 'kms-secrets-doctor/no-secret', stage: 'ACSCurrent' };
/** An entry that a check could not remove ends by itself. */
const keepFor = '1m';

/** Whether the store of the command line can be read and written. */
export async function checkStore(host: Host, args: ParsedArguments): Promise<readonly Check[]> {
  const location = storeLocation(host, args);
  if (location === undefined) return [];
  const isFolder = !isRedis(location);
  if (isFolder && !exists(location)) {
    // The store would create it, with this user as its owner.
    return [warning('store', location, 'the folder does not exist. The application creates it with its first secret.')];
  }
  let store: SecretStore;
  try {
    store = await createStore(host, args, { location, keepFor });
  } catch (error) {
    const message = error instanceof CliError ? error.message : safeMessage(error);
    return [failed('store', isFolder ? location : 'redis', message)];
  }
  try {
    await store.verify?.();
    await store.read(request);
    // Not into the folder: a file of this user may be unreadable for the application.
    if (isFolder) accessSync(location, constants.W_OK);
    else await writeAndRemove(store, host.clock.date());
    return [ok('store', store.name, 'can be read and written')];
  } catch (error) {
    return [failed('store', store.name, storeProblem(error))];
  } finally {
    await store.close();
  }
}

async function writeAndRemove(store: SecretStore, fetchedAt: number): Promise<void> {
  const entry: StoredSecret = {
    name: request.name,
    versionId: 'none',
    stages: [request.stage],
    type: 'Generic',
    dataType: 'text',
    value: 'This is an entry of "kms-secrets doctor" and no secret.',
    fetchedAt,
  };
  await store.write(request, entry);
  await store.remove(request);
}

function storeProblem(error: unknown): string {
  if (isSecretError(error)) return error.message;
  const code = errorCode(error);
  return code === undefined ? safeMessage(error) : `this user may not write to the folder (${code}).`;
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ENOENT';
  }
}
