// @ts-check

/** @typedef {import('./kms.mjs').Step} Step */
/**
 * What a fault means for who reads. `late`: the answer comes, in its own way. `passes`: another endpoint has it, or the same one
 * a little later. `untrusted`: nobody else is asked, for whoever shows a wrong certificate would like that. `refused`: KMS says no.
 * @typedef {'late' | 'passes' | 'untrusted' | 'refused'} FaultKind
 */
/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {FaultKind} kind
 * @property {(where: { regions: readonly string[]; names: readonly string[] }) => readonly Step[]} strike
 * @property {string} [code] of the error that readers get where the fault is a refusal
 */

/** Every fault that the fake can script, the closed port, and what KMS itself refuses. @type {readonly Fault[]} */
export const faults = [
  planted('late', 'slow by 300 ms', { kind: 'slow', ms: 300 }),
  planted('late', 'slow by 1.5 s', { kind: 'slow', ms: 1_500 }),
  planted('late', 'one byte every 5 ms', { kind: 'drip', ms: 5 }),
  planted('late', 'answers in chunks', { kind: 'chunked' }),
  planted('late', 'a connection for each answer', { kind: 'connectionClose' }),
  certificate('late', 'certificate without its issuer', 'leafOnly'),
  planted('passes', 'throttled', { kind: 'throttle' }),
  planted('passes', 'throttled, come back in 1 s', { kind: 'throttle', retryAfter: 1_000 }),
  planted('passes', '500 InternalFailure', { kind: 'error', status: 500, code: 'InternalFailure' }),
  planted('passes', '503 without a body', { kind: 'empty', status: 503 }),
  planted('passes', "502, a balancer's page", { kind: 'html', status: 502 }),
  planted('passes', 'no answer', { kind: 'hang' }),
  planted('passes', 'half an answer, then silence', { kind: 'hangMidBody' }),
  planted('passes', 'connection reset', { kind: 'reset' }),
  planted('passes', 'connection closed', { kind: 'closeSocket' }),
  planted('passes', 'answer cut short', { kind: 'truncate' }),
  { name: 'port closed', kind: 'passes', strike: ({ regions }) => regions.map((region) => ['stop', region]) },
  planted('passes', 'no JSON', { kind: 'malformed' }),
  planted('passes', 'no secret in it', { kind: 'wrongShape' }),
  planted('passes', "another's secret", { kind: 'otherSecret' }),
  planted('passes', 'larger than 1 MiB', { kind: 'oversized', bytes: 1_200_000 }),
  planted('passes', 'redirect', { kind: 'redirect', location: 'https://127.0.0.1/' }),
  certificate('untrusted', 'certificate expired', 'expired'),
  certificate('untrusted', 'certificate of another name', 'wrongName'),
  certificate('untrusted', 'certificate of a stranger', 'otherCa'),
  certificate('untrusted', 'certificate signed by itself', 'selfSigned'),
  refusal('denied', 'deny', 'ERR_ACCESS_DENIED'),
  refusal('removed', 'remove', 'ERR_SECRET_NOT_FOUND'),
  refusal('key disabled', 'disable', 'ERR_SECRET_DISABLED'),
  refusal('about to be deleted', 'scheduleDeletion', 'ERR_SECRET_DISABLED'),
];

/**
 * @param {FaultKind} kind
 * @param {string} name
 * @param {import('@kms-secrets/testing').FakeFault} fault
 * @returns {Fault}
 */
function planted(kind, name, fault) {
  return { name, kind, strike: ({ regions }) => regions.map((region) => ['fault', fault, { region }]) };
}

/**
 * Shown to new connections alone, so those that are kept are cut off.
 * @param {FaultKind} kind
 * @param {string} name
 * @param {import('@kms-secrets/testing').CertificateFault} of
 * @returns {Fault}
 */
function certificate(kind, name, of) {
  return {
    name,
    kind,
    strike: ({ regions }) =>
      regions.flatMap((region) => [
        ['fault', { kind: 'certificate', of }, { region }],
        ['stop', region],
        ['start', region],
      ]),
  };
}

/**
 * By KMS, wherever it is asked.
 * @param {string} name
 * @param {'deny' | 'remove' | 'disable' | 'scheduleDeletion'} method
 * @param {string} code
 * @returns {Fault}
 */
function refusal(name, method, code) {
  return { name, kind: 'refused', code, strike: ({ names }) => names.map((secret) => [method, secret]) };
}
