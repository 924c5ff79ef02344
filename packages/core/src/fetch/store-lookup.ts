import type { StoreSearchResult } from '../secret/fetch-result.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** The stores, as a fetch uses them before it sends a request to KMS. */
export interface StoreLookup {
  /** Calls `onStoresChecked` before it waits for the lease of another process, and when a late value is in memory. */
  findStored(
    key: string,
    request: SecretRequest,
    options: { readonly signal: AbortSignal; readonly isRead: boolean; readonly onStoresChecked: () => void },
  ): StoreSearchResult;
  /**
   * Releases the lease of a fetch whose result the listener does not receive. With `signal`, the signal of that fetch, the lease
   * of a newer fetch of the same key is not released.
   */
  releaseLease(key: string, signal?: AbortSignal): void;
}
