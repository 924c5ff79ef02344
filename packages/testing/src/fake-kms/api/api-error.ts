/** A request the fake refuses, in the words of KMS. Thrown inside, answered outside. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  /** Sent with the refusal; for the one that says when to come back. */
  readonly headers: Readonly<Record<string, string>>;
  /** The gateway in front of KMS and KMS itself write their errors differently. */
  readonly from: 'gateway' | 'service';

  constructor(parts: {
    status: number;
    code: string;
    message: string;
    from: 'gateway' | 'service';
    headers?: Readonly<Record<string, string>>;
  }) {
    super(parts.message);
    this.status = parts.status;
    this.code = parts.code;
    this.from = parts.from;
    this.headers = parts.headers ?? {};
  }
}

interface KnownRefusal {
  readonly status: number;
  readonly message: string;
  readonly from: 'gateway' | 'service';
}

const incomplete = 'The request signature does not conform to Aliyun standards.';

/** Codes and texts of the common errors page of Alibaba Cloud OpenAPI and of that of KMS. A `Map`: codes come off the wire too. */
const known: ReadonlyMap<string, KnownRefusal> = new Map([
  gateway(400, 'InvalidTimeStamp.Format', 'Specified time stamp or date value is not well formatted.'),
  gateway(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.'),
  gateway(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.'),
  gateway(
    400,
    'SignatureDoesNotMatch',
    'Specified signature is not matched with our calculation. server string to sign is:',
  ),
  gateway(400, 'IncompleteSignature', incomplete),
  gateway(400, 'InvalidSignatureMethod', 'Specified signature method is not valid.'),
  gateway(400, 'InvalidParameter.Format', 'Specified parameter format is not valid.'),
  gateway(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.'),
  gateway(400, 'InvalidAccessKeyId.Inactive', 'Specified access key is disabled.'),
  gateway(400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.'),
  gateway(400, 'InvalidSecurityToken.Malformed', 'Specified SecurityToken is malformed.'),
  gateway(400, 'InvalidSecurityToken.MismatchWithAccessKey', 'Specified SecurityToken mismatch with the AccessKey.'),
  gateway(400, 'MissingSecurityToken', 'SecurityToken is mandatory for this action.'),
  gateway(404, 'InvalidAction.NotFound', 'Specified api is not found, please check your url and method.'),
  gateway(404, 'InvalidApi.NotFound', 'Specified api is not found, please check your url and method.'),
  gateway(404, 'InvalidVersion', 'Specified parameter Version is not valid.'),
  gateway(503, 'Throttling', 'Request was denied due to request throttling or flow control.'),
  gateway(400, 'Throttling.User', 'Request was denied due to user flow control.'),
  gateway(400, 'Throttling.Api', 'Request was denied due to api flow control.'),
  // STS
  gateway(403, 'NoPermission', 'You are not authorized to do this action. You should be authorized by RAM.'),
  gateway(404, 'EntityNotExist.Role', 'The role not exists.'),
  gateway(404, 'EntityNotExist.OIDCProvider', 'The OIDC provider does not exist.'),
  gateway(400, 'InvalidParameter.RoleArn', 'The parameter RoleArn is wrongly formed.'),
  gateway(400, 'InvalidParameter.RoleSessionName', 'The parameter RoleSessionName is wrongly formed.'),
  gateway(400, 'InvalidParameter.DurationSeconds', 'The Min/Max value of DurationSeconds is 15min/1hr.'),
  gateway(400, 'InvalidParameter.PolicyGrammar', 'The parameter Policy has not passed grammar check.'),
  gateway(400, 'AuthenticationFail.OIDCToken.Invalid', 'This JSON Web Token is invalid.'),
  gateway(400, 'AuthenticationFail.OIDCToken.Expired', 'This JSON Web Token has expired.'),
  service(400, 'UnsupportedOperation', 'This operation is not supported.'),
  service(400, 'InvalidParameter', 'The specified parameter is not valid.'),
  service(400, 'DryRunOperationError', 'The request would have succeeded, but the DryRun parameter is set.'),
  service(400, 'ValidationError', 'The request is not valid. The DryRun parameter is set.'),
  service(403, 'AccessDeniedError', 'The request is not permitted. The DryRun parameter is set.'),
  service(403, 'Forbidden.NoPermission', 'This operation is forbidden by permission system.'),
  service(403, 'Forbidden.InDebt', 'This operation is forbidden because of an overdue payment.'),
  service(403, 'Forbidden.InDebtOverdue', 'This operation is forbidden because of a long overdue payment.'),
  service(404, 'Forbidden.ResourceNotFound', 'Resource not found.'),
  service(404, 'Forbidden.KeyNotFound', 'The specified Key is not found.'),
  service(409, 'Rejected.Disabled', 'The request was rejected because the resource is disabled.'),
  service(409, 'Rejected.PendingDeletion', 'The request was rejected because the resource is to be deleted.'),
  service(409, 'Rejected.Unavailable', 'The request was rejected because the resource is not available.'),
  service(429, 'Rejected.Throttling', 'QPS Limit Exceeded'),
  service(500, 'InternalFailure', 'Internal Failure'),
  service(503, 'ServiceUnavailableTemporary', 'Service Unavailable Temporary.'),
]);

/** A refusal with its usual status and text; `detail` is added to the text. */
export function refusal(code: string, detail = ''): Refusal {
  const entry = known.get(code);
  if (entry === undefined) throw new TypeError(`The fake knows no refusal ${code}.`);
  return new Refusal({ code, ...entry, message: entry.message + detail });
}

/** The refusal of a request that lacks a parameter: its code is made from the parameter's name. */
export function missing(name: string): Refusal {
  return new Refusal({
    status: 400,
    code: `Missing${name}`,
    message: `${name} is mandatory for this action.`,
    from: 'gateway',
  });
}

/** A refusal that a test asked for, with any status and code; a code KMS knows brings its usual text. */
export function scriptedRefusal(status: number, code: string, message?: string): Refusal {
  const entry = known.get(code);
  return new Refusal({ status, code, message: message ?? entry?.message ?? code, from: entry?.from ?? 'service' });
}

function gateway(status: number, code: string, message: string): [string, KnownRefusal] {
  return [code, { status, message, from: 'gateway' }];
}

function service(status: number, code: string, message: string): [string, KnownRefusal] {
  return [code, { status, message, from: 'service' }];
}
