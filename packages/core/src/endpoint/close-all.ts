/** Closes all `resources` in parallel. Calls `onError` with each error. Never rejects. */
export async function closeAll(
  resources: readonly { close(): Promise<void> }[],
  onError: (reason: unknown) => void,
): Promise<void> {
  const results = await Promise.allSettled(resources.map((resource) => resource.close()));
  for (const result of results) if (result.status === 'rejected') onError(result.reason);
}
