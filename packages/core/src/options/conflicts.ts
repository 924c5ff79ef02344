import type { ConfigurationIssue } from '../secret/errors.ts';
import { formatDuration } from '../time/duration.ts';
import type { ResolvedOptions } from './options.ts';

/** A value that is valid alone but contradicts another option. */
interface Conflict {
  readonly key: string;
  readonly got: string;
  readonly expected: string;
}

/**
 * Finds options that contradict each other. An option at its default never conflicts: only options that are set somewhere are
 * reported.
 */
export function conflictsIn(
  values: ResolvedOptions,
  sources: ReadonlyMap<string, string>,
): readonly ConfigurationIssue[] {
  const conflicts = [hedgeAfterAttempt(values), openTimeAboveMaximum(values)];
  return conflicts.flatMap((conflict) => {
    const source = conflict && sources.get(conflict.key);
    return conflict === undefined || source === undefined ? [] : [{ ...conflict, source }];
  });
}

function hedgeAfterAttempt({ hedge, attemptTimeout }: ResolvedOptions): Conflict | undefined {
  if (hedge === false || hedge.delay === undefined || hedge.delay < attemptTimeout) return undefined;
  return {
    key: 'hedge.delay',
    got: formatDuration(hedge.delay),
    expected: `less than attemptTimeout (${formatDuration(attemptTimeout)}), after which the next endpoint is used anyway`,
  };
}

function openTimeAboveMaximum({ breaker }: ResolvedOptions): Conflict | undefined {
  if (breaker === false || breaker.openTime <= breaker.maxOpenTime) return undefined;
  return {
    key: 'breaker.openTime',
    got: formatDuration(breaker.openTime),
    expected: `at most breaker.maxOpenTime (${formatDuration(breaker.maxOpenTime)})`,
  };
}
