/** An error that KMS reports to the client, with its own code and text. The server turns it into an error response. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  /** Extra response headers, such as `x-acs-retry-after`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly source: ErrorSource;

  constructor(parts: {
    status: number;
    code: string;
    message: string;
    source: ErrorSource;
    headers?: Readonly<Record<string, string>>;
  }) {
    super(parts.message);
    this.status = parts.status;
    this.code = parts.code;
    this.source = parts.source;
    this.headers = parts.headers ?? {};
  }
}

/** The API gateway in front of KMS and KMS itself use different error formats. */
export type ErrorSource = 'gateway' | 'service';

interface ErrorDefinition {
  readonly status: number;
  readonly message: string;
  readonly source: ErrorSource;
}

/**
 * Codes and texts of the common error pages of Alibaba Cloud OpenAPI and of KMS.
 *
 * A `Map`, because codes from the admin API are looked up here: an object would also find `constructor`.
 */
const definitions: ReadonlyMap<string, ErrorDefinition> = new Map([
  gateway(400, 'InvalidTimeStamp.Format', 'Specified time stamp or date value is not well formatted.'),
  gateway(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.'),
  gateway(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.'),
  gateway(
    400,
    'SignatureDoesNotMatch',
    'Specified signature is not matched with our calculation. server string to sign is:',
  ),
  gateway(400, 'IncompleteSignature', 'The request signature does not conform to Aliyun standards.'),
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
  gateway(401, 'AuthenticationFail.OIDCToken.Invalid', 'This JSON Web Token is invalid.'),
  gateway(401, 'AuthenticationFail.OIDCToken.Expired', 'This JSON Web Token has expired.'),
  gateway(401, 'AuthenticationFail.OIDCToken.InvalidSignature', 'The signature of this JSON Web Token is invalid.'),
  gateway(401, 'AuthenticationFail.OIDCToken.AudienceNotMatch', 'The audience of this JSON Web Token does not match.'),
  gateway(401, 'AuthenticationFail.OIDCToken.HttpsUrlInvalid', 'The keys of the issuer could not be fetched.'),
  gateway(401, 'AuthenticationFail.NoPermission', 'This OIDC Provider does not have permission to assume the role.'),
  service(400, 'UnsupportedOperation', 'This operation is not supported.'),
  service(400, 'InvalidParameter', 'The specified parameter is not valid.'),
  service(400, 'DryRunOperationError', 'The request would have succeeded, but the DryRun parameter is set.'),
  service(400, 'ValidationError', 'The request is not valid. The DryRun parameter is set.'),
  service(403, 'AccessDeniedError', 'The request is not permitted. The DryRun parameter is set.'),
  service(403, 'Forbidden.NoPermission', 'This operation is forbidden by permission system.'),
  service(403, 'Forbidden.InDebt', 'This operation is forbidden because of an overdue payment.'),
  service(403, 'Forbidden.InDebtOverdue', 'This operation is forbidden because of a long overdue payment.'),
  service(403, 'Forbidden.RiskControl', 'This operation is forbidden by risk control.'),
  service(403, 'Forbidden.UserVerification', 'This operation is forbidden because the account is not verified.'),
  service(404, 'Forbidden.ResourceNotFound', 'Resource not found.'),
  service(404, 'Forbidden.KeyNotFound', 'The specified Key is not found.'),
  service(409, 'Rejected.Disabled', 'The request was rejected because the resource is disabled.'),
  service(409, 'Rejected.PendingDeletion', 'The request was rejected because the resource is to be deleted.'),
  service(409, 'Rejected.Unavailable', 'The request was rejected because the resource is not available.'),
  service(429, 'Rejected.Throttling', 'QPS Limit Exceeded'),
  service(500, 'InternalFailure', 'Internal Failure'),
  service(503, 'ServiceUnavailableTemporary', 'Service Unavailable Temporary.'),
]);

/** Creates the error with its documented status and text; `detail` is appended to the text. */
export function apiError(code: string, detail = ''): ApiError {
  const definition = definitions.get(code);
  if (definition === undefined) throw new TypeError(`The fake KMS does not define the error code ${code}.`);
  return new ApiError({ code, ...definition, message: definition.message + detail });
}

/** The error for a missing parameter; the parameter's name is part of the code. */
export function missingParameter(name: string): ApiError {
  return new ApiError({
    status: 400,
    code: `Missing${name}`,
    message: `${name} is mandatory for this action.`,
    source: 'gateway',
  });
}

/** An error with any status and code, for fault injection. A documented code gets its documented text by default. */
export function customError(status: number, code: string, message?: string): ApiError {
  const definition = definitions.get(code);
  return new ApiError({
    status,
    code,
    message: message ?? definition?.message ?? code,
    source: definition?.source ?? 'service',
  });
}

function gateway(status: number, code: string, message: string): [string, ErrorDefinition] {
  return [code, { status, message, source: 'gateway' }];
}

function service(status: number, code: string, message: string): [string, ErrorDefinition] {
  return [code, { status, message, source: 'service' }];
}
