import { expect, test } from 'vitest';
import { parseEvent } from './rotation-event.ts';

const parse = (event: unknown): ReturnType<typeof parseEvent> => parseEvent(Buffer.from(JSON.stringify(event)));

const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret/prod/db';
const db = { id: 'e1', secretName: 'prod/db', account: '1234567890123456', region: 'cn-hangzhou' };
const cloudEvent = { id: 'e1', specversion: '1.0', aliyunaccountid: db.account, aliyunregionid: db.region };
const rotated = { ...cloudEvent, type: 'kms:CloudMonitor:Secret[RotateSecret:Success]' };
const call = { ...cloudEvent, type: 'kms:ActionTrail:ApiCall' };

test.each([
  ['data.content.secretName', { ...rotated, data: { content: { secretName: 'prod/db' } } }],
  ['data.content as a text', { ...rotated, data: { content: '{"secretName":"prod/db"}' } }],
  ['data as a text', { ...rotated, data: '{"content":{"secretName":"prod/db"}}' }],
  ['data.secretName', { ...rotated, data: { secretName: 'prod/db' } }],
  ['an ARN in secretName', { ...rotated, data: { secretName: arn } }],
  ['data.resourceId', { ...rotated, data: { resourceId: arn } }],
  ['subject', { ...rotated, subject: arn }],
  [
    'requestParameters',
    { ...call, data: { eventName: 'PutSecretValue', requestParameters: { SecretName: 'prod/db' } } },
  ],
  [
    'requestParameterJson',
    { ...call, data: { eventName: 'RotateSecret', requestParameterJson: '{"SecretName":"prod/db"}' } },
  ],
  [
    'a call in the console',
    {
      ...call,
      type: 'kms:ActionTrail:ConsoleOperation',
      data: { eventName: 'UpdateSecretVersionStage', requestParameters: { SecretName: 'prod/db' } },
    },
  ],
])('reads the name of the secret from %s', (_where, event) => {
  expect(parse(event)).toEqual({ kind: 'changed', ...db });
});

test('reads the event of CloudMonitor', () => {
  const event = {
    product: 'KMS',
    name: 'Secret:RotateSecret:Success',
    regionId: 'cn-hangzhou',
    resourceId: arn,
    content: { eventId: 'e1', secretName: 'prod/db' },
  };

  expect(parse(event)).toEqual({ kind: 'changed', ...db });
  expect(parse({ ...event, name: 'Secret:RotateSecret:Failure' })).toEqual({ kind: 'rotationFailed', ...db });
  expect(parse({ ...event, name: 'Secret:DeleteSecret:Success' })).toBe('irrelevant');
  expect(parse({ ...event, content: {} })).toBe('malformed');
});

test('reads a failed rotation of EventBridge', () => {
  const type = 'kms:CloudMonitor:Secret[RotateSecret:Failure]';

  expect(parse({ ...cloudEvent, type, data: { secretName: 'prod/db' } })).toEqual({ kind: 'rotationFailed', ...db });
});

test.each([
  [
    'a call that failed',
    { eventName: 'PutSecretValue', errorCode: 'Forbidden', requestParameters: { SecretName: 'x' } },
  ],
  ['a call that only reads', { eventName: 'GetSecretValue', requestParameters: { SecretName: 'x' } }],
  ['no data', undefined],
])('ignores %s', (_what, data) => {
  expect(parse({ ...call, data })).toBe('irrelevant');
});

test('the source does not matter, and the prototype holds no fields', () => {
  expect(parse({ ...rotated, source: 'any', data: { secretName: 'prod/db' } })).toMatchObject({ kind: 'changed' });
  expect(parse({ ...rotated, type: 'constructor' })).toBe('irrelevant');
  expect(
    parseEvent(
      Buffer.from('{"__proto__":{"specversion":"1.0","type":"kms:CloudMonitor:Secret[RotateSecret:Success]"}}'),
    ),
  ).toBe('irrelevant');
});

test.each([
  ['a text of another encoding', Buffer.from([0xff, 0xfe, 0x00])],
  ['a million brackets', Buffer.alloc(1_000_000, '[')],
  ['a name of 513 characters', Buffer.from(JSON.stringify({ ...rotated, data: { secretName: 'x'.repeat(513) } }))],
  [
    'a name with the key of another stage',
    Buffer.from(JSON.stringify({ ...rotated, data: { secretName: 'db\u0000ACSPrevious\u0000' } })),
  ],
  ['an id with a line break', Buffer.from(JSON.stringify({ ...rotated, id: 'a\nb', data: { secretName: 'db' } }))],
  ['numbers as texts', Buffer.from(JSON.stringify({ ...rotated, id: 1, data: { secretName: 1 } }))],
])('refuses %s', (_what, body) => {
  expect(parseEvent(body)).toBe('malformed');
});
