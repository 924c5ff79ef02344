import type { Tone } from './mark.tsx';
import type { Status } from './status.ts';

type SecretView = Status['secrets'][number];

const order: Readonly<Record<SecretView['freshness'], number>> = {
  refused: 0,
  missing: 1,
  expired: 2,
  stale: 3,
  fresh: 5,
};

/** The secrets whose name or state contains the text, the worst first. */
export function matchingSecrets(secrets: readonly SecretView[], search: string): readonly SecretView[] {
  const text = search.trim().toLowerCase();
  return secrets
    .filter(({ name, freshness }) => name.toLowerCase().includes(text) || freshness === text)
    .toSorted(worstFirst);
}

/** Refused secrets first, then those that are missing, expired, stale or cannot be refreshed. */
function worstFirst(one: SecretView, other: SecretView): number {
  return rank(one) - rank(other);
}

function rank({ freshness, lastFailure }: SecretView): number {
  return freshness === 'fresh' && lastFailure !== undefined ? 4 : order[freshness];
}

export function toneOf({ freshness, lastFailure, rotation }: SecretView): Tone {
  if (freshness === 'refused' || freshness === 'expired' || freshness === 'missing') return 'failing';
  const isLate = lastFailure !== undefined || rotation?.isMissed === true;
  return freshness === 'stale' || isLate ? 'degraded' : 'ok';
}
