import type { FakeFault } from '../../fake-kms/index.ts';

/** What is over in a moment, by the name of the secret that meets it: it is tried again, and taken to the next endpoint. */
export const passingTrouble: Readonly<Record<string, FakeFault>> = {
  throttled: { kind: 'throttle' },
  'throttled-user': { kind: 'error', status: 400, code: 'Throttling.User' },
  'throttled-api': { kind: 'error', status: 400, code: 'Throttling.Api' },
  'too-many-requests': { kind: 'html', status: 429 },
  'unavailable-for-now': { kind: 'error', status: 503, code: 'ServiceUnavailableTemporary' },
  'internal-failure': { kind: 'error', status: 500, code: 'InternalFailure' },
  'unknown-code': { kind: 'error', status: 500, code: 'Forbidden.Whatever' },
  'bad-gateway': { kind: 'html', status: 502 },
  'no-body': { kind: 'empty', status: 504 },
  reset: { kind: 'reset' },
  'closed-without-a-word': { kind: 'closeSocket' },
  'cut-short': { kind: 'truncate' },
};
