import { ApiError, customError } from '../api/api-error.ts';
import { errorResponse, plainResponse, protobufResponse } from '../api/response.ts';
import type { ApiResponse } from '../api/response.ts';
import { encodeResponse } from '../protobuf/messages.ts';
import type { ResponseFormat } from '../protocols/protocol.ts';
import type { FakeFault } from './fault.ts';

const jsonType = 'application/json;charset=utf-8';

/** The response of a fault that replaces the response. `undefined` for a fault that affects how it is sent. */
export function faultResponse(fault: FakeFault, format: ResponseFormat, region: string): ApiResponse | undefined {
  switch (fault.kind) {
    case 'throttle':
      return errorResponse(throttlingError(fault.retryAfter), format, region);
    case 'error':
      return errorResponse(customError(fault.status, fault.code, fault.message), format, region);
    case 'html':
      return plainResponse(fault.status, 'text/html', `<html><body><h1>${fault.status}</h1></body></html>`);
    case 'firewall':
      return plainResponse(fault.status, jsonType, '{"Code":"AccessDenied","Message":"blocked by policy"}');
    case 'empty':
      return { status: fault.status, headers: {}, body: Buffer.alloc(0) };
    case 'malformed':
      if (format === 'protobuf') return protobufResponse(200, Buffer.from('this is not protobuf'));
      return plainResponse(200, jsonType, 'this is not JSON');
    case 'wrongShape':
      if (format === 'protobuf') return protobufResponse(200, encodeResponse({ RequestId: otherSecret.RequestId }));
      return plainResponse(200, jsonType, JSON.stringify({ RequestId: otherSecret.RequestId }));
    case 'otherSecret':
      if (format === 'protobuf') return protobufResponse(200, otherSecretMessage('s3cret-other'));
      return plainResponse(200, jsonType, otherSecretJson('s3cret-other'));
    case 'oversized':
      if (format === 'protobuf') return protobufResponse(200, otherSecretMessage('x'.repeat(fault.bytes)));
      return plainResponse(200, jsonType, jsonOfSize(fault.bytes));
    case 'redirect':
      return { status: 302, headers: { location: fault.location }, body: Buffer.alloc(0) };
    case 'hang':
    case 'hangMidBody':
    case 'reset':
    case 'closeSocket':
    case 'truncate':
    case 'slow':
    case 'drip':
    case 'chunked':
    case 'connectionClose':
    case 'certificate':
      return undefined;
    default:
      throw new TypeError(`Unknown fault kind ${JSON.stringify(fault satisfies never)}.`);
  }
}

/** The error that KMS returns for too many requests. `retryAfter` is in milliseconds. */
export function throttlingError(retryAfter?: number): ApiError {
  const { status, code, message, source } = customError(429, 'Rejected.Throttling');
  const headers = retryAfter === undefined ? {} : { 'x-acs-retry-after': String(retryAfter) };
  return new ApiError({ status, code, message, source, headers });
}

const otherSecret = {
  SecretName: 'other-secret',
  SecretType: 'Generic',
  SecretDataType: 'text',
  VersionId: 'v1',
  CreateTime: '2026-01-01T00:00:00Z',
  RequestId: '00000000-0000-0000-0000-000000000000',
};

function otherSecretJson(value: string): string {
  return JSON.stringify({ ...otherSecret, SecretData: value, VersionStages: { VersionStage: ['ACSCurrent'] } });
}

function otherSecretMessage(value: string): Buffer {
  return encodeResponse({ ...otherSecret, SecretData: value, VersionStages: ['ACSCurrent'] });
}

/** Complete and valid JSON, so that only its size is wrong. */
function jsonOfSize(bytes: number): string {
  const withoutValue = otherSecretJson('');
  const padding = 'x'.repeat(Math.max(0, bytes - Buffer.byteLength(withoutValue, 'utf8')));
  return withoutValue.replace('"SecretData":""', `"SecretData":"${padding}"`);
}
