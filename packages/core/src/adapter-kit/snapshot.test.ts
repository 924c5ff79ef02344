import { inspect } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import { isSecretSnapshot, SecretSnapshot } from './snapshot.ts';
import type { MountOptions, SnapshotSource } from './snapshot.ts';

/** What a client would answer: in memory are the names that were read or rotated. */
class Source implements SnapshotSource {
  readonly asked: string[] = [];
  readonly #held = new Map<string, Secret>();

  rotate(name: string, versionId: string): void {
    this.#held.set(name, secretOf(name, versionId));
  }

  peek(name: string): Secret | undefined {
    return this.#held.get(name);
  }

  async get(name: string): Promise<Secret> {
    this.asked.push(name);
    if (!this.#held.has(name)) this.rotate(name, 'v1');
    return this.#held.get(name) ?? expect.fail('It was just put there.');
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

/** Says of each value that it is valid, and how often it was asked. */
function counting(): { schema: StandardSchemaV1<unknown, { readonly isValid: true }>; times: () => number } {
  let times = 0;
  const validate = (): { value: { readonly isValid: true } } => {
    times += 1;
    return { value: { isValid: true } };
  };
  return { schema: { '~standard': { version: 1, vendor: 'counting', validate } }, times: () => times };
}

test('what was seen first stays, and the next snapshot sees what is new', async () => {
  const source = new Source();
  const [one, other] = [snapshotOf(source), snapshotOf(source)];
  await one.get('db');
  source.rotate('db', 'v2');

  expect([(await one.get('db')).versionId, one.secret('db').versionId]).toEqual(['v1', 'v1']);
  expect((await other.get('db')).versionId).toBe('v2');
});

test('names are taken at one moment, without a wait if all are in memory', async () => {
  const source = new Source();
  source.rotate('user', 'v1');
  source.rotate('password', 'v1');
  const snapshot = snapshotOf(source);

  const waiting = snapshot.take(['user', 'password']);
  source.rotate('user', 'v2');
  source.rotate('password', 'v2');

  expect(waiting).toBeUndefined();
  expect([snapshot.secret('user').versionId, snapshot.secret('password').versionId]).toEqual(['v1', 'v1']);
  expect(source.asked).toEqual([]);
});

test('if one is not in memory, all are waited for', async () => {
  const source = new Source();
  source.rotate('user', 'v1');
  const snapshot = snapshotOf(source);

  const waiting = snapshot.take(['user', 'password']);
  expect(() => snapshot.secret('user')).toThrow('not in the snapshot');
  await waiting;

  expect(source.asked).toEqual(['user', 'password']);
  expect(snapshot.secret('password').versionId).toBe('v1');
});

test('a name that was neither taken nor read is asked for without waiting in vain, and the error says what to do', () => {
  const snapshot = snapshotOf(new Source());

  expect(() => snapshot.text('db')).toThrow(/"db".*preload: \["db"\].*await .*get\("db"\)/u);
});

test('of two reads under way, the first to end decides for both', async () => {
  const releases: ((versionId: string) => void)[] = [];
  const get = (): Promise<Secret> =>
    new Promise((resolve) => releases.push((versionId) => resolve(secretOf('db', versionId))));
  const snapshot = snapshotOf({ ...never, get });

  const reads = [snapshot.get('db'), snapshot.get('db')];
  releases[1]?.('v2');
  await reads[1];
  releases[0]?.('v1');

  expect((await Promise.all(reads)).map(({ versionId }) => versionId)).toEqual(['v2', 'v2']);
});

const never: SnapshotSource = {
  peek: () => undefined,
  get: () => expect.fail('It is not to be asked.'),
  getMany: () => expect.fail('It is not to be asked.'),
};

test('JSON is checked by the validator that was declared for its name, once for a version', async () => {
  const { schema, times } = counting();
  const source = new Source();
  const schemas = new Map([['db', schema]]);
  for (let request = 0; request < 3; request += 1) {
    const snapshot = snapshotOf<{ db: { readonly isValid: true }; api: unknown }>(source, { schemas });
    await snapshot.take(['db', 'api']);

    expect(snapshot.json('db').isValid).toBe(true);
    expect(Object.keys(snapshot.json('api') ?? {})).toEqual(['user']);
  }

  expect(times()).toBe(1);
});

test('mounted again, it keeps what the request has seen, and adds names and validators', async () => {
  const [first, second, third] = [counting(), counting(), counting()];
  const source = new Source();
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
  expect([first.times(), second.times(), third.times()]).toEqual([1, 0, 1]);
});

test('several clients have a name each, and one may have none; each has its own names', async () => {
  const [app, billing, mail] = [new Source(), new Source(), new Source()];
  app.rotate('db', 'v1');
  billing.rotate('db', 'v2');
  const snapshot = new SecretSnapshot<{}, { billing: {}; mail: {} }>();
  void snapshot.mount(billing, { as: 'billing', preload: ['db'] });
  void snapshot.mount(app, { preload: ['db'] });
  void snapshot.mount(mail, { as: 'mail' });

  expect([snapshot.secret('db').versionId, snapshot.of('billing').secret('db').versionId]).toEqual(['v1', 'v2']);
  expect(() => snapshot.of('mail').secret('db')).toThrow('"db" is not in the snapshot');
});

test('two clients under one name, or both without one, are refused; one client may have two names', () => {
  const [one, other] = [new Source(), new Source()];
  const snapshot = snapshotOf(one);
  void snapshot.mount(one, { as: 'billing' });

  expect(() => snapshot.mount(other)).toThrow('Two clients are mounted without a name');
  expect(() => snapshot.mount(other, { as: 'billing' })).toThrow('Two clients are mounted as "billing"');
});

test('a client that is not mounted is asked for in vain, and the error says where to put it', async () => {
  const snapshot = new SecretSnapshot();

  expect(() => snapshot.of('billing')).toThrow(/called "billing".*\{ as: 'billing' \}.*in front of the routes/u);
  expect(() => snapshot.text('db')).toThrow(/without a name.*in front of the routes/u);
  await expect(snapshot.get('db')).rejects.toThrow('in front of the routes');
});

test('a snapshot is known by its methods, of whatever copy it is', () => {
  const theirs = { take: () => {}, mount: () => {}, of: () => {} };

  expect([new SecretSnapshot(), theirs].map(isSecretSnapshot)).toEqual([true, true]);
  expect([undefined, null, 'db', ['key'], { of: [] }].map(isSecretSnapshot)).not.toContain(true);
});

test('a validator that is handed in wins over the one that was declared', async () => {
  const [declared, given] = [counting(), counting()];
  const snapshot = snapshotOf(new Source(), { schemas: new Map([['db', declared.schema]]) });
  await snapshot.take(['db']);

  snapshot.json('db', given.schema);

  expect([declared.times(), given.times()]).toEqual([0, 1]);
});

test('nothing that prints it shows a value', async () => {
  const snapshot = snapshotOf(new Source());
  await snapshot.take(['db']);
  snapshot.json('db');

  const printed = inspect(snapshot, { depth: 9, showHidden: true }) + JSON.stringify(snapshot);

  expect(printed.includes('s3cret-')).toBe(false);
});
