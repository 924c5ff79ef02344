import type { HoldingProvider } from '../ports/credentials.ts';
import { isFetchFailure } from '../ports/transport.ts';
import type { Clock } from '../time/clock.ts';
import type { AlicloudIdentity } from './alicloud.ts';
import { Reloadable } from './reloadable.ts';

export interface ReloadedCredentialsParts {
  readonly identity: AlicloudIdentity;
  readonly create: (identity: AlicloudIdentity) => HoldingProvider;
  /** Reads the configuration file again. Returns `undefined` if it has no valid identity. */
  readonly read: () => AlicloudIdentity | undefined;
  readonly clock: Clock;
  readonly onReplaced: () => void;
}

interface Current {
  readonly identity: AlicloudIdentity;
  readonly provider: HoldingProvider;
}

/**
 * The credentials of a configuration file, which another program may renew. The file is read again if KMS or STS rejects the
 * credentials, and at most every 10 s before a request.
 */
export function reloadedCredentials(parts: ReloadedCredentialsParts): HoldingProvider {
  const { create, clock, onReplaced } = parts;
  const initial: Current = { identity: parts.identity, provider: create(parts.identity) };
  const read = (current: Current): Current | undefined => {
    const identity = parts.read();
    if (identity === undefined || JSON.stringify(identity) === JSON.stringify(current.identity)) return undefined;
    onReplaced();
    return { identity, provider: create(identity) };
  };
  const reloadable = new Reloadable({ initial, read, clock });
  return {
    async getCredential() {
      const current = reloadable.get();
      try {
        return await current.provider.getCredential();
      } catch (error) {
        // STS rejects the access key or the role, or the token file is missing.
        const isRejected = isFetchFailure(error) && error.failure === 'identity';
        if (!isRejected || !reloadable.replace(current)) throw error;
        return reloadable.get().provider.getCredential();
      }
    },
    held: () => reloadable.get().provider.held?.(),
    discard(accessKeyId) {
      const current = reloadable.get();
      if (isReplaced(current.identity, accessKeyId) || reloadable.replace(current)) return true;
      return current.provider.discard?.(accessKeyId) ?? false;
    },
  };
}

/** Whether the request was signed with the access key of an earlier content of the file. */
function isReplaced(identity: AlicloudIdentity, accessKeyId: string): boolean {
  return (identity.type === 'ak' || identity.type === 'sts') && identity.accessKeyId !== accessKeyId;
}
