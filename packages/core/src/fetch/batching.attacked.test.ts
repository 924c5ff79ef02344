import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import type { SecretRequest, SecretTransport } from '../ports/transport.ts';
import { Batching } from './batching.ts';

/** A transport of somebody's that throws at once, where it should reject. */
function throwing(fields: Partial<SecretTransport>): {
  readonly clock: FakeClock;
  readonly read: (...names: string[]) => Promise<string[]>;
} {
  const clock = new FakeClock();
  const batches = new Batching({ clock, isOn: true });
  const fetch = (): never => {
    throw new TypeError('thrown at once');
  };
  const transport = batches.wrap({ endpoint: 'kms.test', fetch, fetchMany: fetch, close() {}, ...fields });
  const read = (...names: string[]): Promise<string[]> =>
    batches.during(async () => {
      const { signal } = new AbortController();
      const reads = names.map((name) => transport.fetch({ name }, signal).then(({ versionId }) => versionId, String));
      await clock.pass(10);
      return Promise.all(reads);
    });
  return { clock, read };
}

const secretOf = ({ name }: SecretRequest): Secret =>
  new Secret({ name, versionId: 'v1', value: `s3cret-${name}`, dataType: 'text' });

test('a transport that throws at once, asked for one alone by a timer, fails that read and not the process', async () => {
  expect(await throwing({}).read('db')).toEqual(['TypeError: thrown at once']);
});

test('one that throws at once for what a batch left out fails that one, and nobody is asked for again', async () => {
  let batches = 0;
  const fetchMany = (requests: readonly SecretRequest[]): Promise<Secret[]> => {
    batches += 1;
    return Promise.resolve(requests.map(secretOf).slice(0, 1));
  };

  expect(await throwing({ fetchMany }).read('a', 'b')).toEqual(['v1', 'TypeError: thrown at once']);
  expect(batches).toBe(1);
});
