import type { FakeFault, FaultScope } from './fault-registry.ts';
import type { JsonFields } from '../json-fields.ts';

type Kind = FakeFault['kind'];

/** Reads the fields of each fault. A fault that is added without a line here does not compile. */
const readers: { readonly [Of in Kind]: (fields: JsonFields) => Extract<FakeFault, { kind: Of }> } = {
  throttle(fields) {
    const retryAfter = fields.optionalNumber('retryAfter');
    return { kind: 'throttle', ...(retryAfter !== undefined && { retryAfter }) };
  },
  error(fields) {
    const message = fields.optionalText('message');
    return {
      kind: 'error',
      status: fields.number('status'),
      code: fields.text('code'),
      ...(message !== undefined && { message }),
    };
  },
  hang: () => ({ kind: 'hang' }),
  hangMidBody: () => ({ kind: 'hangMidBody' }),
  reset: () => ({ kind: 'reset' }),
  closeSocket: () => ({ kind: 'closeSocket' }),
  truncate: () => ({ kind: 'truncate' }),
  html: (fields) => ({ kind: 'html', status: fields.number('status') }),
  empty: (fields) => ({ kind: 'empty', status: fields.number('status') }),
  malformed: () => ({ kind: 'malformed' }),
  wrongShape: () => ({ kind: 'wrongShape' }),
  otherSecret: () => ({ kind: 'otherSecret' }),
  oversized: (fields) => ({ kind: 'oversized', bytes: fields.number('bytes') }),
  redirect: (fields) => ({ kind: 'redirect', location: fields.text('location') }),
  slow: (fields) => ({ kind: 'slow', ms: fields.number('ms') }),
  drip: (fields) => ({ kind: 'drip', ms: fields.number('ms') }),
  chunked: () => ({ kind: 'chunked' }),
  connectionClose: () => ({ kind: 'connectionClose' }),
  certificate: (fields) => ({
    kind: 'certificate',
    of: fields.oneOf('of', ['expired', 'wrongName', 'otherCa', 'leafOnly', 'selfSigned']),
  }),
};

const kinds = Object.keys(readers) as Kind[]; // the table has each kind, and nothing else

/** Reads a fault with what belongs to its kind. */
export function readFault(fields: JsonFields): FakeFault {
  return readers[fields.oneOf('kind', kinds)](fields);
}

/** Reads where a fault strikes. */
export function readScope(fields: JsonFields): FaultScope {
  const region = fields.optionalText('region');
  const times = fields.optionalNumber('times');
  const secretName = fields.optionalText('secretName');
  return {
    ...(region !== undefined && { region }),
    ...(times !== undefined && { times }),
    ...(secretName !== undefined && { secretName }),
  };
}
