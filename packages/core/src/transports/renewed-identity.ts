import { isFetchFailure } from '../ports/transport.ts';
import { isRejectedIdentity } from '../secret/rejected-identity.ts';

/** Sends a request, and repeats it once if KMS rejected the identity and `discard` returns that there is another one. */
export async function sendWithRenewedIdentity(
  send: () => Promise<Buffer>,
  discard: () => boolean | undefined,
): Promise<Buffer> {
  try {
    return await send();
  } catch (error) {
    if (!isFetchFailure(error) || !isRejectedIdentity(error.code) || discard() !== true) throw error;
    return send();
  }
}
