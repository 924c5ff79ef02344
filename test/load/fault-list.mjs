// @ts-check

/** @typedef {import('./kms.mjs').Step} Step */
/**
 * What a fault means for a reader.
 * - `degraded`: the request succeeds, but slowly or with an unusual response.
 * - `transient`: another endpoint, or the same one later, succeeds.
 * - `untrusted`: a certificate is wrong. No other endpoint is tried, because that is what an attacker would want.
 * - `refused`: KMS refuses the secret.
 * @typedef {'degraded' | 'transient' | 'untrusted' | 'refused'} FaultKind
 */
/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {FaultKind} kind
 * @property {(target: { regions: readonly string[]; names: readonly string[] }) => readonly Step[]} steps that inject the fault
 * @property {string} [code] of the error that readers get if the fault is a refusal
 */

/** Every fault that the fake KMS can inject, a closed port, and the refusals of KMS. @type {readonly Fault[]} */
export const faults = [
  injected('degraded', 'slow by 300 ms', { kind: 'slow', ms: 300 }),
  injected('degraded', 'slow by 1.5 s', { kind: 'slow', ms: 1_500 }),
  injected('degraded', 'one byte every 5 ms', { kind: 'drip', ms: 5 }),
  injected('degraded', 'chunked response', { kind: 'chunked' }),
  injected('degraded', 'Connection: close', { kind: 'connectionClose' }),
  certificate('degraded', 'certificate without its issuer', 'leafOnly'),
  injected('transient', 'throttled', { kind: 'throttle' }),
  injected('transient', 'throttled, Retry-After 1 s', { kind: 'throttle', retryAfter: 1_000 }),
  injected('transient', '500 InternalFailure', { kind: 'error', status: 500, code: 'InternalFailure' }),
  injected('transient', '503 without a body', { kind: 'empty', status: 503 }),
  injected('transient', '502 with an HTML page', { kind: 'html', status: 502 }),
  injected('transient', '503 with the JSON of a firewall', { kind: 'firewall', status: 503 }),
  injected('transient', 'unknown access key', { kind: 'error', status: 404, code: 'InvalidAccessKeyId.NotFound' }),
  injected('transient', 'expired token', { kind: 'error', status: 400, code: 'InvalidSecurityToken.Expired' }),
  injected('transient', 'wrong signature', { kind: 'error', status: 400, code: 'SignatureDoesNotMatch' }),
  injected('transient', 'no response', { kind: 'hang' }),
  injected('transient', 'hangs mid-body', { kind: 'hangMidBody' }),
  injected('transient', 'connection reset', { kind: 'reset' }),
  injected('transient', 'connection closed', { kind: 'closeSocket' }),
  injected('transient', 'truncated response', { kind: 'truncate' }),
  { name: 'port closed', kind: 'transient', steps: ({ regions }) => regions.map((region) => ['stop', region]) },
  injected('transient', 'invalid JSON', { kind: 'malformed' }),
  injected('transient', 'JSON without a secret', { kind: 'wrongShape' }),
  injected('transient', 'the wrong secret', { kind: 'otherSecret' }),
  injected('transient', 'larger than 1 MiB', { kind: 'oversized', bytes: 1_200_000 }),
  injected('transient', 'redirect', { kind: 'redirect', location: 'https://127.0.0.1/' }),
  certificate('untrusted', 'certificate expired', 'expired'),
  certificate('untrusted', 'certificate for another host', 'wrongName'),
  certificate('untrusted', 'certificate from unknown CA', 'otherCa'),
  certificate('untrusted', 'self-signed certificate', 'selfSigned'),
  refusal('access denied', 'deny', 'ERR_ACCESS_DENIED'),
  refusal('secret removed', 'remove', 'ERR_SECRET_NOT_FOUND'),
  refusal('key disabled', 'disable', 'ERR_SECRET_DISABLED'),
  refusal('scheduled for deletion', 'scheduleDeletion', 'ERR_SECRET_DISABLED'),
];

/**
 * @param {FaultKind} kind
 * @param {string} name
 * @param {import('@kms-secrets/testing').FakeFault} fault
 * @returns {Fault}
 */
function injected(kind, name, fault) {
  return { name, kind, steps: ({ regions }) => regions.map((region) => ['fault', fault, { region }]) };
}

/**
 * Restarts the endpoints, because only new connections see the certificate.
 * @param {FaultKind} kind
 * @param {string} name
 * @param {import('@kms-secrets/testing').CertificateFault} of
 * @returns {Fault}
 */
function certificate(kind, name, of) {
  return {
    name,
    kind,
    steps: ({ regions }) =>
      regions.flatMap((region) => [
        ['fault', { kind: 'certificate', of }, { region }],
        ['stop', region],
        ['start', region],
      ]),
  };
}

/**
 * A refusal applies to every endpoint.
 * @param {string} name
 * @param {'deny' | 'remove' | 'disable' | 'scheduleDeletion'} method
 * @param {string} code
 * @returns {Fault}
 */
function refusal(name, method, code) {
  return { name, kind: 'refused', code, steps: ({ names }) => names.map((secret) => [method, secret]) };
}
