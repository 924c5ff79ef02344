import type { FetchFailure } from '../ports/transport.ts';
import { isRejectedClock, isRejectedIdentity } from '../secret/rejected-identity.ts';

/** A request that takes longer (ms) was signed before the process or the machine was suspended. */
const suspendedAfter = 60_000;

/**
 * Whether the request may succeed with a new signature: KMS had received the nonce before, the process was suspended between the
 * signature and the request, or KMS rejected the identity and `discard` returns that there is another one. `took`: milliseconds since
 * the request was signed.
 */
export function isWorthSigningAgain(
  { code }: FetchFailure,
  { took, discard }: { readonly took: number; readonly discard: () => boolean | undefined },
): boolean {
  if (code === 'SignatureNonceUsed') return true;
  if (isRejectedClock(code) && took > suspendedAfter) return true;
  return isRejectedIdentity(code) && discard() === true;
}
