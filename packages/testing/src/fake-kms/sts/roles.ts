import type { Rights } from '../auth/access-keys.ts';
import { refusal } from '../api/api-error.ts';
import { readPolicy } from './policy.ts';
import type { Issue } from './temporary-keys.ts';

/** A RAM role that STS can be asked for. */
export interface FakeRole {
  /** `acs:ram::ACCOUNT:role/NAME`. */
  readonly arn: string;
  /** The longest a session may last, in seconds. 3600 when left out. */
  readonly maxDuration?: number;
  /** The names it may read; all when left out. */
  readonly secrets?: readonly string[];
  /** Ids of the keys that may assume it; all when left out. Without influence on who comes with an OIDC token. */
  readonly trusts?: readonly string[];
}

/** What a session was asked to be. */
export interface Session {
  readonly role: FakeRole;
  readonly name: string;
  readonly issue: Issue;
}

const arnPattern = /^acs:ram::\d+:role\/[\w.-]{1,64}$/;
const shortest = 900;

/** The roles of the account, and the rules for sessions of theirs. */
export class Roles {
  readonly #roles = new Map<string, FakeRole>();

  add(role: FakeRole): void {
    if (!arnPattern.test(role.arn))
      throw new TypeError('The ARN of a role looks like acs:ram::1234567890123456:role/name.');
    const { maxDuration = 3600 } = role;
    // RAM: MaxSessionDuration is 3600 to 43200.
    if (!Number.isInteger(maxDuration) || maxDuration < 3600 || maxDuration > 43_200) {
      throw new TypeError('The longest session of a role lasts a whole number of seconds from 3600 to 43200.');
    }
    this.#roles.set(role.arn.toLowerCase(), { ...role, maxDuration });
  }

  remove(arn: string): void {
    this.#roles.delete(arn.toLowerCase());
  }

  /** Reads the parameters that AssumeRole and AssumeRoleWithOIDC share; throws the refusal. */
  session(parameters: ReadonlyMap<string, string>): Session {
    const arn = parameters.get('RoleArn') ?? '';
    if (!arnPattern.test(arn)) throw refusal('InvalidParameter.RoleArn');
    const name = parameters.get('RoleSessionName') ?? '';
    if (!/^[\w.@-]{2,64}$/.test(name)) throw refusal('InvalidParameter.RoleSessionName');
    const policy = readOptionalPolicy(parameters.get('Policy'));
    const duration = parameters.get('DurationSeconds') ?? '3600';
    const lifetime = Number(duration);
    if (!/^\d+$/.test(duration) || lifetime < shortest) throw refusal('InvalidParameter.DurationSeconds');
    const role = this.#roles.get(arn.toLowerCase());
    if (role === undefined) throw refusal('EntityNotExist.Role');
    if (lifetime > (role.maxDuration ?? 3600)) throw refusal('InvalidParameter.DurationSeconds');
    // A policy of the session only takes away from what the role has.
    const rights: Rights = (secretName, region) =>
      (role.secrets === undefined || role.secrets.includes(secretName)) && policy(secretName, region);
    return { role, name, issue: { lifetime, rights } };
  }
}

function readOptionalPolicy(text: string | undefined): Rights {
  return text === undefined || text === '' ? () => true : readPolicy(text);
}
