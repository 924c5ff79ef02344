import { apiError } from '../api/api-error.ts';
import type { ReadPermission } from '../auth/access-keys.ts';
import { parsePolicy } from './policy.ts';
import type { IssueOptions } from './temporary-keys.ts';

/** A RAM role that clients can assume. */
export interface FakeRole {
  /** `acs:ram::ACCOUNT:role/NAME`. */
  readonly arn: string;
  /** The maximum session duration in seconds, from 3600 to 43200. Default: 3600. */
  readonly maxDuration?: number;
  /** The names of the secrets that the role may read. Default: all. */
  readonly secrets?: readonly string[];
  /** The ids of the access keys that may assume the role. Default: all. Does not apply to AssumeRoleWithOIDC. */
  readonly trustedKeyIds?: readonly string[];
}

/** A valid request for a role session. */
export interface Session {
  readonly role: FakeRole;
  readonly name: string;
  readonly issue: IssueOptions;
}

const arnPattern = /^acs:ram::\d+:role\/[\w.-]{1,64}$/;
/** The limits of RAM, in seconds. */
const minSessionDuration = 900;
const defaultSessionDuration = 3600;
const maxDurationLimits = { min: 3600, max: 43_200 } as const;

/** The RAM roles of the account. */
export class Roles {
  readonly #roles = new Map<string, FakeRole>();

  add(role: FakeRole): void {
    if (!arnPattern.test(role.arn)) {
      throw new TypeError('The ARN of a role must have the form acs:ram::1234567890123456:role/name.');
    }
    const { min, max } = maxDurationLimits;
    const { maxDuration = min } = role;
    if (!Number.isInteger(maxDuration) || maxDuration < min || maxDuration > max) {
      throw new TypeError(`maxDuration of a role must be a whole number of seconds from ${min} to ${max}.`);
    }
    this.#roles.set(role.arn.toLowerCase(), { ...role, maxDuration });
  }

  remove(arn: string): void {
    this.#roles.delete(arn.toLowerCase());
  }

  /** Parses the parameters that AssumeRole and AssumeRoleWithOIDC share. Throws an `ApiError`. */
  parseSession(parameters: ReadonlyMap<string, string>): Session {
    const arn = parameters.get('RoleArn') ?? '';
    if (!arnPattern.test(arn)) throw apiError('InvalidParameter.RoleArn');
    const name = parameters.get('RoleSessionName') ?? '';
    if (!/^[\w.@-]{2,64}$/.test(name)) throw apiError('InvalidParameter.RoleSessionName');
    const policyAllows = parseOptionalPolicy(parameters.get('Policy'));
    const duration = parameters.get('DurationSeconds') ?? String(defaultSessionDuration);
    const lifetime = Number(duration);
    if (!/^\d+$/.test(duration) || lifetime < minSessionDuration) throw apiError('InvalidParameter.DurationSeconds');
    const role = this.#roles.get(arn.toLowerCase());
    if (role === undefined) throw apiError('EntityNotExist.Role');
    if (lifetime > (role.maxDuration ?? maxDurationLimits.min)) throw apiError('InvalidParameter.DurationSeconds');
    // A session policy can only restrict the permissions of the role.
    const canRead: ReadPermission = (secretName, region) =>
      (role.secrets === undefined || role.secrets.includes(secretName)) && policyAllows(secretName, region);
    return { role, name, issue: { lifetime, canRead } };
  }
}

function parseOptionalPolicy(text: string | undefined): ReadPermission {
  return text === undefined || text === '' ? () => true : parsePolicy(text);
}
