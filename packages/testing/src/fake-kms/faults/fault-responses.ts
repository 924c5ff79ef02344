import { bareAnswer, protobuf, refusalAnswer } from '../api/response.ts';
import type { Answer } from '../api/response.ts';
import type { AnswerFormat } from '../protocols/protocol.ts';
import type { FakeFault } from './fault-registry.ts';
import { encodeAnswer } from '../protobuf/messages.ts';
import { Refusal, scriptedRefusal } from '../api/api-error.ts';

/** Faults that say something else instead of the answer. `undefined` for those that spoil how it is said. */
export function faultyAnswer(fault: FakeFault, format: AnswerFormat, region: string): Answer | undefined {
  switch (fault.kind) {
    case 'throttle':
      return refusalAnswer(throttling(fault.retryAfter), format, region);
    case 'error':
      return refusalAnswer(scriptedRefusal(fault.status, fault.code, fault.message), format, region);
    case 'html':
      return bareAnswer(fault.status, 'text/html', `<html><body><h1>${fault.status}</h1></body></html>`);
    case 'empty':
      return { status: fault.status, headers: {}, body: Buffer.alloc(0) };
    case 'malformed':
      if (format === 'protobuf') return protobuf(200, Buffer.from('this is no protobuf'));
      return bareAnswer(200, 'application/json;charset=utf-8', 'this is no JSON');
    case 'wrongShape':
      if (format === 'protobuf') return protobuf(200, encodeAnswer({ RequestId: otherFields.RequestId }));
      return bareAnswer(200, 'application/json;charset=utf-8', '{"RequestId":"00000000-0000-0000-0000-000000000000"}');
    case 'otherSecret':
      if (format === 'protobuf') return protobuf(200, otherMessage('s3cret-other'));
      return bareAnswer(200, 'application/json;charset=utf-8', otherSecret('s3cret-other'));
    case 'oversized':
      if (format === 'protobuf') return protobuf(200, otherMessage('x'.repeat(fault.bytes)));
      return bareAnswer(200, 'application/json;charset=utf-8', hugeText(fault.bytes));
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
      throw new TypeError(`There is no fault ${String(fault satisfies never)}.`);
  }
}

/** KMS's own refusal for too many requests. */
export function throttling(retryAfter?: number): Refusal {
  const { status, code, message, from } = scriptedRefusal(429, 'Rejected.Throttling');
  return new Refusal({
    status,
    code,
    message,
    from,
    headers: retryAfter === undefined ? {} : { 'x-acs-retry-after': String(retryAfter) },
  });
}

const otherFields = {
  SecretName: 'other-secret',
  SecretType: 'Generic',
  SecretDataType: 'text',
  VersionId: 'v1',
  CreateTime: '2026-01-01T00:00:00Z',
  RequestId: '00000000-0000-0000-0000-000000000000',
};

function otherSecret(value: string): string {
  return JSON.stringify({ ...otherFields, SecretData: value, VersionStages: { VersionStage: ['ACSCurrent'] } });
}

function otherMessage(value: string): Buffer {
  return encodeAnswer({ ...otherFields, SecretData: value, VersionStages: ['ACSCurrent'] });
}

/** Well formed to the end, so that only its length is wrong with it. */
function hugeText(bytes: number): string {
  const frame = otherSecret('');
  const padding = 'x'.repeat(Math.max(0, bytes - Buffer.byteLength(frame, 'utf8')));
  return frame.replace('"SecretData":""', `"SecretData":"${padding}"`);
}
