import { builtinModule } from '../platform/builtin-module.ts';
import type { ClientKey, ClientKeyProvider } from '../ports/credentials.ts';
import type { Clock } from '../time/clock.ts';
import { ClientKeyError } from './client-key-error.ts';
import { openClientKey } from './client-key.ts';
import type { ClientKeyFile } from './client-key.ts';
import { Reloadable } from './reloadable.ts';

export interface ReloadedClientKeyParts {
  readonly clientKey: ClientKey;
  /** The content that `clientKey` was opened from. */
  readonly file: ClientKeyFile;
  /** Reads the files again. Returns the reason if they cannot be read. */
  readonly read: () => ClientKeyFile | string;
  readonly clock: Clock;
  /** Called with a key that has replaced the previous one. */
  readonly onReplaced: (clientKey: ClientKey) => void;
  /** Called once for each content that is not a client key. */
  readonly onInvalid: (problem: string) => void;
}

/**
 * A client key that follows its files: they are read again if KMS rejects the key, and at most every 10 s before a request. While
 * the files are invalid, as in the middle of a replacement, the previous key stays in use.
 */
export function reloadedClientKey(parts: ReloadedClientKeyParts): ClientKeyProvider {
  const { clientKey, clock, onReplaced, onInvalid } = parts;
  let lastSeen = fileDigest(parts.file);
  const read = (): ClientKey | undefined => {
    const file = parts.read();
    const seen = fileDigest(file);
    if (seen === lastSeen) return undefined;
    lastSeen = seen;
    const opened = typeof file === 'string' ? file : tryOpen(file);
    if (typeof opened === 'string') {
      onInvalid(opened);
      return undefined;
    }
    onReplaced(opened);
    return opened;
  };
  const reloadable = new Reloadable({ initial: clientKey, read, clock });
  return { getClientKey: () => reloadable.get(), discard: (used) => reloadable.replace(used) };
}

function tryOpen(file: ClientKeyFile): ClientKey | string {
  try {
    return openClientKey(file);
  } catch (error) {
    if (!(error instanceof ClientKeyError)) throw error;
    return error.message;
  }
}

/** A digest, so that the password is not kept in memory. */
function fileDigest(content: ClientKeyFile | string): string {
  const text = typeof content === 'string' ? content : `${content.json}\0${content.password}`;
  return builtinModule('node:crypto').createHash('sha256').update(text).digest('base64');
}
