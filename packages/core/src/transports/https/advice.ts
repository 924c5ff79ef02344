import { gatewayOf, isInstanceHost } from '../../options/kms-host.ts';
import type { FailureName } from '../../secret/failures.ts';
import { describeDuration } from '../../time/duration.ts';

/** What signs the requests: an access key (permanent or temporary) or a client key. */
export type IdentityKind = 'accessKey' | 'clientKey';

/** The hosts that an error message names. */
export interface EndpointRoute {
  readonly endpoint: string;
  /** Absent for a direct connection. */
  readonly proxy: string | undefined;
}

interface AdviceContext {
  readonly failure: FailureName;
  readonly code: string | undefined;
  readonly status: number;
  readonly identity: IdentityKind;
  /** Milliseconds that the clock of this machine is ahead of the server's. */
  readonly clockSkew: number | undefined;
}

/** Returns one or two sentences on what an operator can do about an error response. */
export function adviceFor({ failure, code, status, identity, clockSkew }: AdviceContext): string {
  if (clockCodes.has(code ?? '')) return clockAdvice(clockSkew);
  const byCode = (identity === 'clientKey' ? clientKeyAdvice.get(code ?? '') : undefined) ?? codeAdvice.get(code ?? '');
  if (byCode !== undefined) return byCode;
  if (status >= 300 && status < 400) {
    return 'Redirects are not followed. Check the endpoint, and whether a proxy responds in its place.';
  }
  if (code === undefined && (status === 401 || status === 403)) {
    return 'A proxy or firewall between this machine and KMS rejected the request. Check the endpoint and the network.';
  }
  if (code === undefined && failure === 'unavailable') {
    return 'A gateway or load balancer in front of KMS responded. Retry later, and configure a second endpoint for failover.';
  }
  if (failure === 'denied' && identity === 'clientKey') return deniedClientKey;
  return failureAdvice[failure];
}

/** What an operator can do about an endpoint that cannot be connected to. `code` is that of the system error. */
export function connectAdvice({ endpoint, proxy }: EndpointRoute, code: string): string {
  if (proxy === undefined && unreachableCodes.has(code)) {
    if (isInstanceHost(endpoint)) {
      return 'The host of a KMS instance is reachable only from the VPCs that are associated with the instance. Run this process in one of them, or use the endpoint of the region.';
    }
    const gateway = gatewayOf(endpoint);
    if (gateway?.isVpc === true) {
      return `This host is reachable only from a VPC in ${gateway.region}. Elsewhere, use kms.${gateway.region}.aliyuncs.com.`;
    }
    if (gateway !== undefined && code === 'ENOTFOUND') {
      return `Check the region id "${gateway.region}", and the DNS server of this machine.`;
    }
  }
  if (code === 'EAI_AGAIN') return 'Check the DNS server.';
  return 'Check the endpoint, the network and the proxy, if there is one.';
}

const unreachableCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** The codes of the OpenAPI and the instance API for a clock that is wrong by more than 15 minutes. */
const clockCodes: ReadonlySet<string> = new Set(['InvalidTimeStamp.Expired', 'RequestTimeTooSkewed']);

const unknownClientKey = 'The client key does not exist or has expired. Create a new one in KMS.';
const mismatchedClientKey = 'The private key does not match its KeyId. Check the client key file.';
const deniedClientKey =
  "Add the secret and its encryption key to the permission policy of the client key's application access point in KMS.";

const clientKeyAdvice: ReadonlyMap<string, string> = new Map([
  ['Unauthorized', unknownClientKey],
  ['InvalidAccessKeyId.NotFound', unknownClientKey],
  ['InvalidAccessKeyId.Inactive', unknownClientKey],
  ['SignatureNotMatch', mismatchedClientKey],
  ['SignatureDoesNotMatch', mismatchedClientKey],
  // The OpenAPI of a KMS instance whose custom host name does not show that it is an instance.
  [
    'InvalidSignatureMethod',
    'A KMS instance accepts client keys only through its own API. Set the key on the endpoint: clientKeyFile, or an entry of cache_client_dkms_config_info.',
  ],
]);

const unpaid = 'The Alibaba Cloud account has an overdue bill. KMS responds again after it is paid.';

const codeAdvice: ReadonlyMap<string, string> = new Map([
  ['SignatureDoesNotMatch', 'The access key secret does not match the access key id. Check the credentials.'],
  [
    'InvalidAccessKeyId.NotFound',
    'The access key does not exist, or it was temporary and has expired. Check the credentials.',
  ],
  ['InvalidAccessKeyId.Inactive', 'The access key is disabled. Enable it in RAM or use another one.'],
  ['InvalidSecurityToken.Expired', 'The temporary credentials have expired. Check the source that renews them.'],
  [
    'SignatureNonceUsed',
    'KMS received the request twice: check whether a proxy repeats requests, and that the nonce is random.',
  ],
  [
    'InvalidSecurityToken.Malformed',
    'The security token is not one that STS issued. Copy it again, without line breaks or quotes.',
  ],
  [
    'InvalidSecurityToken.MismatchWithAccessKey',
    'The security token belongs to another access key. Set both from one response.',
  ],
  [
    'MissingSecurityToken',
    'The access key is temporary (STS) and needs its security token. Set credentials_security_token.',
  ],
  ['IncompleteSignature', 'KMS could not read the signature. Check whether a proxy modifies requests.'],
  ['Forbidden.InDebt', unpaid],
  ['Forbidden.InDebtOverdue', unpaid],
  [
    'Forbidden.RiskControl',
    'Alibaba Cloud has restricted the account (risk control). Check the messages of its console.',
  ],
  ['Forbidden.UserVerification', 'The account must complete its identity verification in the Alibaba Cloud console.'],
  ['UnsupportedHTTPMethod', 'Something between this machine and KMS changed the request method. Check the proxy.'],
  ['Forbidden.KeyNotFound', 'The key that encrypts the secret no longer exists.'],
  ['Rejected.PendingDeletion', 'The secret or its key is scheduled for deletion. Restore it in KMS.'],
  ['Rejected.Disabled', 'The key that encrypts the secret is disabled. Enable it in KMS.'],
  [
    'UnsupportedOperation',
    'KMS does not support this for the secret. Check its type and the requested stage and version.',
  ],
  [
    'InvalidParameter',
    'Check the requested name, stage and version: if both are given, the stage must be on that version.',
  ],
]);

const failureAdvice: Readonly<Record<FailureName, string>> = {
  throttled: 'The request rate exceeds the quota of the account. Retry later or request a higher quota.',
  unavailable: 'KMS has an internal error. Retry later, and configure a second endpoint for failover.',
  unreachable: 'Check the endpoint and the network.',
  identity: 'Check the credentials of this client.',
  malformed: 'Check the endpoint, and whether a proxy responds in its place.',
  hookRejected: 'A hook rejected the secret.',
  untrusted: 'Check the CA that is configured for it.',
  rejected: 'Check the parameters of the request against the code.',
  denied:
    'Grant the RAM user or role of these credentials the actions kms:GetSecretValue on the secret and kms:Decrypt on its key.',
  disabled: 'Check the state of the secret and of its encryption key in KMS.',
  notFound:
    'Check the name, the stage or version, the region and the account. A secret of another account is requested by its ARN.',
};

function clockAdvice(clockSkew: number | undefined): string {
  if (clockSkew === undefined) {
    return 'The clock of this machine is wrong by more than 15 minutes. Synchronize it with NTP.';
  }
  const difference = describeDuration(Math.round(Math.abs(clockSkew) / 1_000) * 1_000);
  const direction = clockSkew > 0 ? 'ahead of' : 'behind';
  return `The clock of this machine is ${difference} ${direction} the clock of KMS. Synchronize it with NTP.`;
}
