import { createHash, timingSafeEqual } from 'node:crypto';

/** A shorter token could be guessed. */
const minTokenLength = 16;

/** `disabled`: the page does not exist. `unauthorized`: the request has no token, or a wrong one. */
export type StatusAccess = 'allowed' | 'disabled' | 'unauthorized';

/**
 * Whether a request may see the status page, which shows the names of all secrets. In production the page is off, unless
 * `STATUS_TOKEN` is set, the password of Basic authentication, or `STATUS_PAGE=open`, for a server that only you can reach.
 */
export function statusAccess(authorization: string | null, environment: NodeJS.ProcessEnv = process.env): StatusAccess {
  const { STATUS_TOKEN: token = '', STATUS_PAGE: page, NODE_ENV: mode } = environment;
  if (token !== '') {
    if (token.length < minTokenLength) return 'disabled';
    return isSame(passwordOf(authorization ?? ''), token) ? 'allowed' : 'unauthorized';
  }
  return page === 'open' || mode !== 'production' ? 'allowed' : 'disabled';
}

/** Of any user name. `undefined` if there is none. */
function passwordOf(authorization: string): string | undefined {
  const [, encoded] = /^Basic +([\w+/]+=*)$/iu.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const credentials = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = credentials.indexOf(':');
  return colon < 0 ? undefined : credentials.slice(colon + 1);
}

/** In a time that does not depend on the text. */
function isSame(text: string | undefined, token: string): boolean {
  const hash = (value: string): Buffer => createHash('sha256').update(value).digest();
  return text !== undefined && timingSafeEqual(hash(text), hash(token));
}
