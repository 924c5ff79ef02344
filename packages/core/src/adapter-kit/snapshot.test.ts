import { inspect } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, test, vi } from 'vitest';
import { AccessDeniedError, SecretUnavailableError } from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';
import { Secret } from '../secret/secret.ts';
import { isSecretSnapshot, SecretSnapshot } from './snapshot.ts';
import type { MountOptions, SnapshotSource } from './snapshot.ts';

/** Stands in for a client. The names that were read or rotated are in memory. */
class FakeSource implements SnapshotSource {
  #onDropped: ((event: SecretEvents['dropped']) => void) | undefined;
  #error: AnySecretError | undefined;
  readonly fetched: string[] = [];
  readonly #inMemory = new Map<string, Secret>();

  rotate(name: string, versionId: string): void {
    this.#inMemory.set(name, secretOf(name, versionId));
  }

  peek(name: string): Secret | undefined {
    return this.#inMemory.get(name);
  }

  on(_event: 'dropped', listener: (event: SecretEvents['dropped']) => void): void {
    this.#onDropped = listener;
  }

  /** Drops the secret. Later reads reject with `error`. */
  drop(name: string, reason: SecretEvents['dropped']['reason'], error?: AnySecretError): void {
    this.#error = error;
    this.#inMemory.delete(name);
    this.#onDropped?.({ name, stage: undefined, versionId: 'v1', reason, error });
  }

  /** Reports that KMS refused another stage. The default stage stays in memory. */
  refuseOtherStage(name: string): void {
    this.#onDropped?.({ name, stage: 'blue', versionId: 'v0', reason: 'refused', error: denied });
  }

  async get(name: string): Promise<Secret> {
    this.fetched.push(name);
    if (this.#error !== undefined) throw this.#error;
    if (!this.#inMemory.has(name)) this.rotate(name, 'v1');
    return this.#inMemory.get(name) ?? expect.fail('rotate() stored it.');
  }

  async getMany(names: readonly string[]): Promise<Record<string, Secret>> {
    const secrets = await Promise.all(names.map(async (name) => [name, await this.get(name)] as const));
    return Object.fromEntries(secrets);
  }
}

const secretOf = (name: string, versionId: string): Secret =>
  new Secret({ name, versionId, value: `{"user":"s3cret-${name}-${versionId}"}`, dataType: 'text' });

function snapshotOf<Names extends object = {}>(source: SnapshotSource, options?: MountOptions): SecretSnapshot<Names> {
  const snapshot = new SecretSnapshot<Names>();
  void snapshot.mount(source, options);
  return snapshot;
}

/** A schema that accepts every value and counts its validations. */
function countingSchema(): {
  schema: StandardSchemaV1<unknown, { readonly isValid: true }>;
  validations: () => number;
} {
  let validations = 0;
  const validate = (): { value: { readonly isValid: true } } => {
    validations += 1;
    return { value: { isValid: true } };
  };
  return { schema: { '~standard': { version: 1, vendor: 'counting', validate } }, validations: () => validations };
}

test('keeps the version that was read first; the next snapshot has the new one', async () => {
  const source = new FakeSource();
  const one = snapshotOf(source);
  const other = snapshotOf(source);
  await one.get('db');
  source.rotate('db', 'v2');

  expect([(await one.get('db')).versionId, one.secret('db').versionId]).toEqual(['v1', 'v1']);
  expect((await other.get('db')).versionId).toBe('v2');
});

const denied = new AccessDeniedError('KMS denies access to "db"', { secretName: 'db' });
const unavailable = new SecretUnavailableError('KMS is unavailable', { secretName: 'db', attempts: [] });

test('does not return a secret that KMS refused after the first read, until KMS returns it again', async () => {
  const source = new FakeSource();
  const snapshot = snapshotOf(source);
  await snapshot.get('db');
  source.rotate('db', 'v2');
  source.drop('db', 'refused', denied);

  expect(() => snapshot.text('db')).toThrow(denied);
  await expect(snapshot.get('db')).rejects.toBe(denied);
  expect(() => snapshot.text('db')).toThrow('not in the snapshot');
  source.drop('db', 'refused');
  source.rotate('db', 'v3');
  expect((await snapshot.get('db')).versionId).toBe('v3');
});

test('explains a refusal without an error, such as one from another process', async () => {
  const source = new FakeSource();
  const snapshot = snapshotOf(source);
  await snapshot.get('db');
  source.drop('db', 'refused');

  expect(() => snapshot.secret('db')).toThrow(
    expect.objectContaining({
      code: 'ERR_SECRET_UNAVAILABLE',
      secretName: 'db',
      attempts: [],
      message: expect.stringContaining('Await get("db") for the reason'),
    }),
  );
});

test('returns the current version of a secret that KMS refused and returned again between two reads', async () => {
  const source = new FakeSource();
  const snapshot = snapshotOf(source);
  await snapshot.get('db');

  source.drop('db', 'refused');
  source.rotate('db', 'v2');

  expect((await snapshot.get('db')).versionId).toBe('v2');
  expect(snapshot.secret('db').versionId).toBe('v2');
});

test('a refusal of another stage leaves the secret that was read first', async () => {
  const source = new FakeSource();
  const snapshot = snapshotOf(source);
  await snapshot.get('db');
  source.rotate('db', 'v2');

  source.refuseOtherStage('db');

  expect([snapshot.secret('db').versionId, (await snapshot.get('db')).versionId]).toEqual(['v1', 'v1']);
});

test('reads a secret that is no longer in memory again, and keeps its version', async () => {
  const source = new FakeSource();
  const snapshot = snapshotOf(source);
  await snapshot.get('db');
  source.drop('db', 'idle', unavailable);
  const duringOutage = await snapshot.get('db');
  source.drop('db', 'idle');
  source.rotate('db', 'v2');
  const afterIt = [await snapshot.get('db'), snapshot.secret('db')];
  source.drop('db', 'idle', denied);

  expect([duringOutage, ...afterIt].map(({ versionId }) => versionId)).toEqual(['v1', 'v1', 'v1']);
  await expect(snapshot.get('db')).rejects.toBe(denied);
});

test('a dropped secret costs one more look into the memory of the client, not one for each read', async () => {
  const source = new FakeSource();
  const peek = vi.spyOn(source, 'peek');
  const snapshot = snapshotOf(source);
  await snapshot.get('db');
  source.drop('other', 'idle');
  peek.mockClear();

  for (let read = 0; read < 3; read += 1) await snapshot.get('db');

  expect(peek).toHaveBeenCalledTimes(1);
});

test('preloads names at one moment, without waiting if all are in memory', async () => {
  const source = new FakeSource();
  source.rotate('user', 'v1');
  source.rotate('password', 'v1');
  const snapshot = snapshotOf(source);

  const loading = snapshot.preload(['user', 'password']);
  source.rotate('user', 'v2');
  source.rotate('password', 'v2');

  expect(loading).toBeUndefined();
  expect([snapshot.secret('user').versionId, snapshot.secret('password').versionId]).toEqual(['v1', 'v1']);
  expect(source.fetched).toEqual([]);
});

test('waits for all names if one is not in memory', async () => {
  const source = new FakeSource();
  source.rotate('user', 'v1');
  const snapshot = snapshotOf(source);

  const loading = snapshot.preload(['user', 'password']);
  expect(() => snapshot.secret('user')).toThrow('not in the snapshot');
  await loading;

  expect(source.fetched).toEqual(['user', 'password']);
  expect(snapshot.secret('password').versionId).toBe('v1');
});

test('throws for a name that was neither preloaded nor read, and says what to do', () => {
  const snapshot = snapshotOf(new FakeSource());

  expect(() => snapshot.text('db')).toThrow(/"db".*preload: \["db"\].*await .*get\("db"\)/u);
});

test('pins the version of the concurrent read that ends first', async () => {
  const releases: ((versionId: string) => void)[] = [];
  const get = (): Promise<Secret> =>
    new Promise((resolve) => releases.push((versionId) => resolve(secretOf('db', versionId))));
  const snapshot = snapshotOf({ ...unusedSource, get });

  const reads = [snapshot.get('db'), snapshot.get('db')];
  releases[1]?.('v2');
  await reads[1];
  releases[0]?.('v1');

  expect((await Promise.all(reads)).map(({ versionId }) => versionId)).toEqual(['v2', 'v2']);
});

const unusedSource: SnapshotSource = {
  on: () => {},
  peek: () => undefined,
  get: () => expect.fail('The source must not be used.'),
  getMany: () => expect.fail('The source must not be used.'),
};

test('validates JSON with the declared schema, once per version', async () => {
  const { schema, validations } = countingSchema();
  const source = new FakeSource();
  const schemas = new Map([['db', schema]]);
  for (let request = 0; request < 3; request += 1) {
    const snapshot = snapshotOf<{ db: { readonly isValid: true }; api: unknown }>(source, { schemas });
    await snapshot.preload(['db', 'api']);

    expect(snapshot.json('db').isValid).toBe(true);
    expect(Object.keys(snapshot.json('api') ?? {})).toEqual(['user']);
  }

  expect(validations()).toBe(1);
});

test('keeps pinned secrets on a second mount, and adds names and schemas', async () => {
  const first = countingSchema();
  const second = countingSchema();
  const third = countingSchema();
  const source = new FakeSource();
  source.rotate('db', 'v1');
  const snapshot = snapshotOf(source, { preload: ['db'], schemas: new Map([['db', first.schema]]) });
  source.rotate('db', 'v2');
  source.rotate('api', 'v2');

  void snapshot.mount(source);
  void snapshot.mount(source, { schemas: new Map([['api', second.schema]]) });
  void snapshot.mount(source, { preload: ['db', 'api'], schemas: new Map([['api', third.schema]]) });
  snapshot.json('db');
  snapshot.json('api');

  expect([snapshot.secret('db').versionId, snapshot.secret('api').versionId]).toEqual(['v1', 'v2']);
  expect([first.validations(), second.validations(), third.validations()]).toEqual([1, 0, 1]);
});

test('holds several named clients and one without a name', async () => {
  const app = new FakeSource();
  const billing = new FakeSource();
  const mail = new FakeSource();
  app.rotate('db', 'v1');
  billing.rotate('db', 'v2');
  const snapshot = new SecretSnapshot<{}, { billing: {}; mail: {} }>();
  void snapshot.mount(billing, { as: 'billing', preload: ['db'] });
  void snapshot.mount(app, { preload: ['db'] });
  void snapshot.mount(mail, { as: 'mail' });

  expect([snapshot.secret('db').versionId, snapshot.of('billing').secret('db').versionId]).toEqual(['v1', 'v2']);
  expect(() => snapshot.of('mail').secret('db')).toThrow('"db" is not in the snapshot');
});

test('refuses two clients under one name; one client may have two names', () => {
  const one = new FakeSource();
  const other = new FakeSource();
  const snapshot = snapshotOf(one);
  void snapshot.mount(one, { as: 'billing' });

  expect(() => snapshot.mount(other)).toThrow('Two clients are mounted without a name');
  expect(() => snapshot.mount(other, { as: 'billing' })).toThrow('Two clients are mounted as "billing"');
});

test('throws for a client that is not mounted, and says where to mount it', async () => {
  const snapshot = new SecretSnapshot();

  expect(() => snapshot.of('billing')).toThrow(/named "billing".*\{ as: 'billing' \}.*in front of the routes/u);
  expect(() => snapshot.text('db')).toThrow(/without a name.*in front of the routes/u);
  await expect(snapshot.get('db')).rejects.toThrow('in front of the routes');
});

test('recognises a snapshot of another copy by its methods', () => {
  const foreign = { preload: () => {}, mount: () => {}, of: () => {} };

  expect([new SecretSnapshot(), foreign].map(isSecretSnapshot)).toEqual([true, true]);
  expect([undefined, null, 'db', ['key'], { of: [] }].map(isSecretSnapshot)).not.toContain(true);
});

test('prefers a schema argument over the declared schema', async () => {
  const declared = countingSchema();
  const given = countingSchema();
  const snapshot = snapshotOf(new FakeSource(), { schemas: new Map([['db', declared.schema]]) });
  await snapshot.preload(['db']);

  snapshot.json('db', given.schema);

  expect([declared.validations(), given.validations()]).toEqual([0, 1]);
});

test('shows no value when it is printed or serialized', async () => {
  const snapshot = snapshotOf(new FakeSource());
  await snapshot.preload(['db']);
  snapshot.json('db');

  const printed = inspect(snapshot, { depth: 9, showHidden: true }) + JSON.stringify(snapshot);

  expect(printed.includes('s3cret-')).toBe(false);
});

/** A source that has a version for each stage, and counts its reads. */
class StagedSource extends FakeSource {
  versions = { ACSPrevious: 'v0', blue: 'b1' };

  override peek(name: string, options?: { readonly stage?: string | undefined }): Secret | undefined {
    return options?.stage === undefined ? super.peek(name) : secretOf(name, this.#versionOf(options.stage));
  }

  override async get(name: string, options?: { readonly stage?: string | undefined }): Promise<Secret> {
    if (options?.stage === undefined) return super.get(name);
    this.fetched.push(`${name} ${options.stage}`);
    return secretOf(name, this.#versionOf(options.stage));
  }

  #versionOf(stage: string): string {
    return stage === 'blue' ? this.versions.blue : this.versions.ACSPrevious;
  }
}

test('get() with a stage reads that stage, keeps its version, and does not change the default one', async () => {
  const source = new StagedSource();
  const snapshot = snapshotOf(source);

  const first = await snapshot.get('db', { stage: 'ACSPrevious' });
  const current = await snapshot.get('db');
  source.versions = { ACSPrevious: 'v5', blue: 'b2' };
  const second = await snapshot.get('db', { stage: 'ACSPrevious' });
  const blue = await snapshot.get('db', { stage: 'blue' });

  expect([first, current, second, blue].map(({ versionId }) => versionId)).toEqual(['v0', 'v1', 'v0', 'b2']);
  expect(snapshot.secret('db').versionId).toBe('v1');
  expect(source.fetched).toEqual(['db ACSPrevious', 'db', 'db blue']);
});

test('get() with only a signal is a read of the default stage', async () => {
  const source = new FakeSource();
  const snapshot = snapshotOf(source);

  await snapshot.get('db', { signal: new AbortController().signal });

  expect(snapshot.secret('db').versionId).toBe('v1');
});

test('get() with a stage keeps its version after another secret was dropped, and notices its own refusal', async () => {
  const source = new StagedSource();
  const snapshot = snapshotOf(source);
  await snapshot.get('db', { stage: 'blue' });
  source.versions = { ...source.versions, blue: 'b2' };
  source.drop('other', 'idle');
  const kept = await snapshot.get('db', { stage: 'blue' });
  source.peek = () => undefined;
  source.get = async () => Promise.reject(denied);
  source.drop('db', 'refused', denied);

  expect(kept.versionId).toBe('b1');
  await expect(snapshot.get('db', { stage: 'blue' })).rejects.toBe(denied);
});
