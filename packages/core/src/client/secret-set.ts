import { RequestRejectedError, SecretSetError } from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { ReadOptions } from '../options/options.ts';
import type { Secret } from '../secret/secret.ts';

/** A secret of a set: its name or ARN, or a name with a stage or a version. */
export type SetMember = string | ({ readonly name: string } & Pick<ReadOptions, 'stage' | 'versionId'>);

/** Several secrets: a list of names, or an object whose keys are the keys of the result. */
export type SetRequest = readonly string[] | Readonly<Record<string, SetMember>>;

/** The parts of a client that `readSet` uses. */
export interface SetParts {
  readonly read: (name: string, options: ReadOptions | undefined) => Promise<Secret>;
  /** Throws if the client is closed or the caller's signal has aborted. */
  readonly throwIfCancelled: () => void;
  /** The cached error of a secret; see `negativeTtl`. */
  readonly cachedError: (name: string, options: ReadOptions | undefined) => AnySecretError | undefined;
  /** The value in memory. */
  readonly peek: (name: string, options: ReadOptions | undefined) => Secret | undefined;
}

/**
 * Reads several secrets and returns them as they are in memory at one moment, after all of them have arrived.
 *
 * Rejects with `SecretSetError`, which lists every secret that failed.
 */
export async function readSet(
  request: SetRequest,
  options: ReadOptions | undefined,
  { read, throwIfCancelled, cachedError, peek }: SetParts,
): Promise<Readonly<Record<string, Secret>>> {
  if (options !== undefined && !isObjectValue(options)) {
    throw new RequestRejectedError('Invalid options of getMany(): expected an object.');
  }
  const members = membersOf(request, options);
  const outcomes = await Promise.allSettled(members.map((member) => read(member.name, member.options)));
  throwIfCancelled();
  const errors = new Map<string, AnySecretError>();
  // Without a prototype, because `__proto__` is a valid key.
  const secrets = Object.create(null) as Record<string, Secret>;
  for (const [index, { key, name, options: own }] of members.entries()) {
    const outcome = outcomes[index];
    const current = peek(name, own);
    // KMS may have refused a secret that was read first while the others were pending. It is no longer in memory then.
    const refusal = current === undefined ? cachedError(name, own) : undefined;
    // Reads reject only with errors of this package: an abort reason was thrown above.
    const error = outcome?.status === 'rejected' ? (outcome.reason as AnySecretError) : refusal;
    if (error !== undefined) errors.set(key, error);
    else if (outcome?.status === 'fulfilled') secrets[key] = current ?? outcome.value;
  }
  if (errors.size > 0) throw new SecretSetError(members.length, 'read', errors);
  return secrets;
}

interface Member {
  readonly key: string;
  readonly name: string;
  readonly options: ReadOptions | undefined;
}

function membersOf(request: SetRequest, options: ReadOptions | undefined): readonly Member[] {
  if (isList(request)) return request.map((name) => ({ key: name, name, options }));
  if (!isMemberMap(request)) {
    throw new RequestRejectedError('getMany() expects a list of secret names, or an object of names.');
  }
  return Object.entries(request).map(([key, member]) => {
    if (typeof member === 'string') return { key, name: member, options };
    const { name, ...own } = member;
    return { key, name, options: { ...options, ...own } };
  });
}

function isList(request: SetRequest): request is readonly string[] {
  return Array.isArray(request);
}

function isMemberMap(request: unknown): boolean {
  return isObjectValue(request) && !(Symbol.iterator in request);
}

function isObjectValue(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
