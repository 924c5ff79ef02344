import { expect, test } from 'vitest';
import { startFakeKms } from '../start-fake-kms.ts';
import { sendAcs3, sendRpc } from '../test-client.fixture.ts';

test('lists names and types in pages, denied secrets included', async () => {
  await using kms = await startFakeKms();
  for (const name of ['c', 'a', 'b']) kms.put(name, 's3cret-x');
  kms.deny('b');
  const list = (parameters: Record<string, string>): ReturnType<typeof sendAcs3> =>
    sendAcs3({ kms, parameters, beforeSigning: { 'x-acs-action': 'ListSecrets' } });

  const first = JSON.parse((await list({ PageNumber: '1', PageSize: '2' })).text) as object;
  const second = JSON.parse((await list({ PageNumber: '2', PageSize: '2' })).text) as object;

  expect(first).toMatchObject({
    PageNumber: 1,
    PageSize: 2,
    TotalCount: 3,
    SecretList: {
      Secret: [
        { SecretName: 'a', SecretType: 'Generic' },
        { SecretName: 'b', SecretType: 'Generic' },
      ],
    },
  });
  expect(second).toMatchObject({ SecretList: { Secret: [{ SecretName: 'c' }] } });
  expect((await list({ PageSize: '101' })).status).toBe(400);
  expect(
    (await sendRpc({ kms, parameters: {}, beforeSigning: { Action: 'ListSecrets', Format: 'XML' } })).text,
  ).toContain('<SecretName>a</SecretName>');
});
