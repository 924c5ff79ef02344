import { closestMatch } from './closest-match.ts';

/** The names that other libraries and the profiles of the Alibaba Cloud CLI have for the types of an identity. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['access_key', 'ak'],
  ['aksk', 'ak'],
  ['static', 'ak'],
  ['sts_token', 'sts'],
  ['security_token', 'sts'],
  ['ram_role_arn', 'ram_role'],
  ['chainable_ram_role_arn', 'ram_role'],
  ['assume_role', 'ram_role'],
  ['ecs', 'ecs_ram_role'],
  ['metadata', 'ecs_ram_role'],
  ['oidc', 'oidc_role_arn'],
  ['rrsa', 'oidc_role_arn'],
  ['rsa_key_pair', 'client_key'],
  ['aap', 'client_key'],
  ['uri', 'credentials_uri'],
]);

/** The one of `types` that an unknown type is probably meant to be. */
export function suggestIdentityType(type: string, types: readonly string[]): string | undefined {
  const match = closestMatch(type, [...types, ...otherNames.keys()]);
  const suggested = otherNames.get(match ?? '') ?? match;
  return suggested !== undefined && types.includes(suggested) ? suggested : undefined;
}
