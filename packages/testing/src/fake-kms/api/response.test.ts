import { expect, test } from 'vitest';

import { apiError, missingParameter } from './api-error.ts';
import { errorResponse, secretResponse } from './response.ts';

const result = {
  SecretName: 'db',
  SecretType: 'Generic',
  SecretData: 's3cret-<&>"\'\r数',
  SecretDataType: 'text',
  VersionStages: { VersionStage: ['ACSCurrent', 'mine'] },
  VersionId: 'v1',
  CreateTime: '2026-01-02T03:04:05Z',
};

test('JSON nests the stages, has a UUID as request id and keeps UTF-8 unescaped', () => {
  const { status, headers, body } = secretResponse(result, 'json');

  expect([status, headers['content-type']]).toEqual([200, 'application/json;charset=utf-8']);
  expect(JSON.parse(body.toString('utf8')) as object).toEqual({
    ...result,
    RequestId: expect.stringMatching(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/),
  });
  expect(body.includes('数')).toBe(true);
});

test('XML has one element per stage and escapes special characters', () => {
  const { headers, body } = secretResponse(result, 'xml');
  const text = body.toString('utf8');

  expect(headers['content-type']).toBe('text/xml;charset=utf-8');
  expect(
    text.startsWith('<?xml version="1.0" encoding="UTF-8"?><GetSecretValueResponse><SecretName>db</SecretName>'),
  ).toBe(true);
  expect(
    text.includes(
      '<VersionStages><VersionStage>ACSCurrent</VersionStage><VersionStage>mine</VersionStage></VersionStages>',
    ),
  ).toBe(true);
  expect(text.includes('<SecretData>s3cret-&#60;&#38;&#62;&#34;&#39;&#13;数</SecretData>')).toBe(true);
});

test('gateway errors have a host and a help page, KMS errors the status', () => {
  const json = (response: { body: Buffer }): unknown => JSON.parse(response.body.toString('utf8'));

  expect(json(errorResponse(missingParameter('Timestamp'), 'json', 'cn-hangzhou'))).toEqual({
    Code: 'MissingTimestamp',
    Message: 'Timestamp is mandatory for this action.',
    RequestId: expect.any(String),
    HostId: 'kms.cn-hangzhou.aliyuncs.com',
    Recommend: expect.stringContaining('MissingTimestamp'),
  });
  expect(json(errorResponse(apiError('Rejected.Throttling'), 'json', 'cn-hangzhou'))).toEqual({
    HttpStatus: 429,
    Code: 'Rejected.Throttling',
    Message: 'QPS Limit Exceeded',
    RequestId: expect.any(String),
  });
});

test('the XML root element is Error for the gateway and KMS for the service', () => {
  const root = (code: string): string | undefined =>
    /\?><(\w+)>/.exec(errorResponse(apiError(code), 'xml', 'cn-hangzhou').body.toString('utf8'))?.[1];

  expect([root('SignatureNonceUsed'), root('InternalFailure')]).toEqual(['Error', 'KMS']);
});

test.each([
  [400, 'InvalidTimeStamp.Expired'],
  [400, 'SignatureDoesNotMatch'],
  [404, 'InvalidAccessKeyId.NotFound'],
  [404, 'InvalidAction.NotFound'],
  [403, 'Forbidden.NoPermission', 'This operation is forbidden by permission system.'],
  [403, 'Forbidden.InDebt'],
  [403, 'Forbidden.InDebtOverdue'],
  [404, 'Forbidden.ResourceNotFound', 'Resource not found.'],
  [404, 'Forbidden.KeyNotFound', 'The specified Key is not found.'],
  [409, 'Rejected.Unavailable'],
  [429, 'Rejected.Throttling', 'QPS Limit Exceeded'],
  [500, 'InternalFailure', 'Internal Failure'],
  [503, 'ServiceUnavailableTemporary', 'Service Unavailable Temporary.'],
])('responds with %d %s as documented', (status, code, message = apiError(code).message) => {
  expect(apiError(code)).toMatchObject({ status, code, message });
});
