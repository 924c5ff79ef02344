import type { FailureName } from '../../secret/failures.ts';
import { formatDuration } from '../../time/duration.ts';

/** Whether an access key (of whatever origin) signed the request, or a client key. */
export type IdentityKind = 'credentials' | 'clientKey';

interface AdviceContext {
  readonly failure: FailureName;
  readonly code: string | undefined;
  readonly status: number;
  readonly identity: IdentityKind;
  /** Milliseconds that our calendar is ahead of the server's. */
  readonly clockSkew: number | undefined;
}

/** What a person can do about an answer that was no: one sentence or two. */
export function adviceFor(answer: AdviceContext): string {
  const code = answer.code ?? '';
  if (clockCodes.has(code)) return clockAdvice(answer.clockSkew);
  const particular = (answer.identity === 'clientKey' ? clientKeyAdvice.get(code) : undefined) ?? codeAdvice.get(code);
  if (particular !== undefined) return particular;
  if (answer.status >= 300 && answer.status < 400) {
    return 'That is a redirect, and those are never followed. Check the endpoint, and for a proxy that answers in its place.';
  }
  if (answer.code === undefined && (answer.status === 401 || answer.status === 403)) {
    return 'Something between here and KMS refused the request. Check the endpoint and the network in between.';
  }
  if (answer.failure === 'denied' && answer.identity === 'clientKey') return deniedClientKey;
  return failureAdvice[answer.failure];
}

/** Of the OpenAPI and of the instance API, where we are more than 15 minutes off. */
const clockCodes: ReadonlySet<string> = new Set(['InvalidTimeStamp.Expired', 'RequestTimeTooSkewed']);

const unknownClientKey = 'The client key does not exist any more, or has expired. Create another in KMS.';
const foreignClientKey = 'The private key does not belong to its KeyId. Check the client key file.';
const deniedClientKey =
  "Add the secret, and the key that encrypts it, to the permission policy of the client key's application access point in KMS.";

const clientKeyAdvice: ReadonlyMap<string, string> = new Map([
  ['Unauthorized', unknownClientKey],
  ['InvalidAccessKeyId.NotFound', unknownClientKey],
  ['InvalidAccessKeyId.Inactive', unknownClientKey],
  ['SignatureNotMatch', foreignClientKey],
  ['SignatureDoesNotMatch', foreignClientKey],
  // By the OpenAPI, at the host of an instance that does not look like one.
  [
    'InvalidSignatureMethod',
    'KMS instances take client keys by their own API alone. Name the key with the endpoint: its clientKeyFile, or an entry of cache_client_dkms_config_info.',
  ],
]);

const codeAdvice: ReadonlyMap<string, string> = new Map([
  ['SignatureDoesNotMatch', 'The access key secret does not belong to the access key id. Check the credentials.'],
  [
    'InvalidAccessKeyId.NotFound',
    'The access key does not exist, or its temporary credentials have expired. Check the credentials.',
  ],
  ['InvalidAccessKeyId.Inactive', 'The access key is disabled. Enable it in RAM, or use another.'],
  ['InvalidSecurityToken.Expired', 'The temporary credentials have expired. Check what provides them.'],
  [
    'SignatureNonceUsed',
    'The request was sent twice by something in between, or the nonce of this client is not random.',
  ],
  ['Forbidden.InDebt', 'The bill of the Alibaba Cloud account is unpaid. Pay it, and KMS answers again.'],
  ['Forbidden.InDebtOverdue', 'The bill of the Alibaba Cloud account is unpaid. Pay it, and KMS answers again.'],
  ['Forbidden.KeyNotFound', 'The key that encrypts the secret does not exist any more.'],
  ['Rejected.PendingDeletion', 'The secret or its key is about to be deleted. Restore it in KMS.'],
  ['Rejected.Disabled', 'The key that encrypts the secret is disabled. Enable it in KMS.'],
  ['UnsupportedOperation', 'KMS cannot do that for this secret. Check its type, and the stage and version asked for.'],
  [
    'InvalidParameter',
    'Check the name, the stage and the version asked for: a stage and a version given together must belong together.',
  ],
]);

const failureAdvice: Readonly<Record<FailureName, string>> = {
  throttled: 'More is asked than the quota of the account allows. Wait, or ask for a larger quota.',
  unavailable: 'KMS has trouble of its own. Wait, and configure a second endpoint to fail over to.',
  unreachable: 'Check the endpoint and the network.',
  malformed: 'Check the endpoint, and for a proxy that answers in its place.',
  hookRejected: 'The hook refused it.',
  untrusted: 'Check the certificate authority that is configured for it.',
  rejected: 'KMS refuses the request itself. Check its parameters against the code.',
  denied:
    'Grant the RAM action kms:GetSecretValue on the secret, and kms:Decrypt on its key, to whom these credentials belong.',
  disabled: 'The secret or the key that encrypts it is disabled. Check their state in KMS.',
  notFound:
    "Check the name, the region and the account: another account's secret is asked for by its ARN. A stage or version may be missing too.",
};

function clockAdvice(ahead: number | undefined): string {
  if (ahead === undefined)
    return 'The clock of this machine is wrong by more than 15 minutes. Set it, and keep it set by NTP.';
  const difference = formatDuration(Math.round(Math.abs(ahead) / 1_000) * 1_000);
  return `The clock of this machine is ${difference} ${ahead > 0 ? 'ahead of' : 'behind'} that of KMS. Set it, and keep it set by NTP.`;
}
