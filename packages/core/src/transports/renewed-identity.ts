import { isFetchFailure } from '../ports/transport.ts';
import { isRejectedClock, isRejectedIdentity } from '../secret/rejected-identity.ts';
import type { Clock } from '../time/clock.ts';

/** A request that takes longer (ms) was signed before the process or the machine was suspended. */
const suspendedAfter = 60_000;

/**
 * Sends a request, which `send` signs each time. Repeats it once if a new signature may help: KMS had received the nonce before,
 * the process was suspended between the signature and the request, or KMS rejected the identity and `discard` returns that there
 * is another one.
 */
export async function sendWithRenewedIdentity(
  send: () => Promise<Buffer>,
  { discard, clock }: { readonly discard: () => boolean | undefined; readonly clock: Clock },
): Promise<Buffer> {
  const startedAt = clock.date();
  try {
    return await send();
  } catch (error) {
    if (!isFetchFailure(error)) throw error;
    const { code } = error;
    const wasSuspended = clock.date() - startedAt > suspendedAfter;
    const isSignatureOld = code === 'SignatureNonceUsed' || (isRejectedClock(code) && wasSuspended);
    if (!isSignatureOld && !(isRejectedIdentity(code) && discard() === true)) throw error;
    return send();
  }
}
