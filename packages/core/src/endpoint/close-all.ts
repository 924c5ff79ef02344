/** Closes everything at the same time; one that cannot be closed is told, and keeps the others from nothing. */
export async function closeAll(
  things: readonly { close(): Promise<void> }[],
  tell: (reason: unknown) => void,
): Promise<void> {
  const endings = await Promise.allSettled(things.map((thing) => thing.close()));
  for (const ending of endings) if (ending.status === 'rejected') tell(ending.reason);
}
