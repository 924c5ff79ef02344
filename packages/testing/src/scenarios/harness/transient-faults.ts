import type { FakeFault } from '../../fake-kms/index.ts';

/** Faults that a client must retry and fail over, each by the name of the secret that it is injected for. */
export const transientFaults: Readonly<Record<string, FakeFault>> = {
  throttled: { kind: 'throttle' },
  'throttled-user': { kind: 'error', status: 400, code: 'Throttling.User' },
  'throttled-api': { kind: 'error', status: 400, code: 'Throttling.Api' },
  'too-many-requests': { kind: 'html', status: 429 },
  'temporarily-unavailable': { kind: 'error', status: 503, code: 'ServiceUnavailableTemporary' },
  'internal-failure': { kind: 'error', status: 500, code: 'InternalFailure' },
  'unknown-code': { kind: 'error', status: 500, code: 'Forbidden.Whatever' },
  'bad-gateway': { kind: 'html', status: 502 },
  'no-body': { kind: 'empty', status: 504 },
  reset: { kind: 'reset' },
  'closed-without-response': { kind: 'closeSocket' },
  truncated: { kind: 'truncate' },
};
