import { certificateFaults } from '../certificates/pki.ts';
import { JsonFields } from '../json-fields.ts';
import type { FakeFault, FaultScope } from './fault.ts';

type Kind = FakeFault['kind'];

/** Parses the fields of each kind. A kind without an entry is a type error. */
const parsers: { readonly [K in Kind]: (fields: JsonFields) => Extract<FakeFault, { kind: K }> } = {
  throttle(fields) {
    const retryAfter = fields.optionalNumber('retryAfter');
    return { kind: 'throttle', ...(retryAfter !== undefined && { retryAfter }) };
  },
  error(fields) {
    const message = fields.optionalString('message');
    return {
      kind: 'error',
      status: fields.httpStatus('status'),
      code: fields.string('code'),
      ...(message !== undefined && { message }),
    };
  },
  hang: () => ({ kind: 'hang' }),
  hangMidBody: () => ({ kind: 'hangMidBody' }),
  reset: () => ({ kind: 'reset' }),
  closeSocket: () => ({ kind: 'closeSocket' }),
  truncate: () => ({ kind: 'truncate' }),
  html: (fields) => ({ kind: 'html', status: fields.httpStatus('status') }),
  firewall: (fields) => ({ kind: 'firewall', status: fields.httpStatus('status') }),
  empty: (fields) => ({ kind: 'empty', status: fields.httpStatus('status') }),
  malformed: () => ({ kind: 'malformed' }),
  wrongShape: () => ({ kind: 'wrongShape' }),
  otherSecret: () => ({ kind: 'otherSecret' }),
  oversized: (fields) => ({ kind: 'oversized', bytes: fields.number('bytes') }),
  redirect: (fields) => ({ kind: 'redirect', location: fields.string('location') }),
  slow: (fields) => ({ kind: 'slow', ms: fields.number('ms') }),
  drip: (fields) => ({ kind: 'drip', ms: fields.number('ms') }),
  chunked: () => ({ kind: 'chunked' }),
  connectionClose: () => ({ kind: 'connectionClose' }),
  certificate: (fields) => ({ kind: 'certificate', of: fields.oneOf('of', certificateFaults) }),
};

const kinds = Object.keys(parsers) as Kind[]; // the type of the table guarantees that these are all kinds

/** Parses a fault. Throws `InvalidInput` for an unknown kind or an invalid field. */
export function parseFault(fields: JsonFields): FakeFault {
  return parsers[fields.oneOf('kind', kinds)](fields);
}

/**
 * Validates a fault from a caller that may not be type-checked. Without this, an unknown kind would fail only at the next
 * request, outside the caller's stack, and end the process.
 */
export function validateFault(fault: FakeFault): void {
  const fields = new JsonFields(fault, 'The fault');
  parseFault(fields);
  fields.rejectUnknown();
}

/** Validates a scope from such a caller. A misspelt `secretName` would make the fault apply to all secrets. */
export function validateFaultScope(scope: FaultScope): void {
  const fields = new JsonFields(scope, 'The scope of the fault');
  parseFaultScope(fields);
  fields.rejectUnknown();
}

/** Parses the scope of a fault. */
export function parseFaultScope(fields: JsonFields): FaultScope {
  const region = fields.optionalString('region');
  const times = fields.optionalNumber('times');
  const secretName = fields.optionalString('secretName');
  return {
    ...(region !== undefined && { region }),
    ...(times !== undefined && { times }),
    ...(secretName !== undefined && { secretName }),
  };
}
