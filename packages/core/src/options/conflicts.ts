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
  const conflicts = [
    connectTimeoutAboveAttempt(values),
    hedgeAfterAttempt(values),
    openTimeAboveMaximum(values),
    baseDelayAboveMaximum(values),
    ...delaysWithBackoff(values),
    preloadAboveMaximum(values),
  ];
  return conflicts.flatMap((conflict) => {
    const source = conflict && sources.get(conflict.key);
    return conflict === undefined || source === undefined ? [] : [{ ...conflict, source }];
  });
}

function connectTimeoutAboveAttempt({ connectTimeout, attemptTimeout }: ResolvedOptions): Conflict | undefined {
  if (connectTimeout <= attemptTimeout) return undefined;
  return {
    key: 'connectTimeout',
    got: formatDuration(connectTimeout),
    expected: `at most attemptTimeout (${formatDuration(attemptTimeout)}), which includes the time to connect`,
  };
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

function baseDelayAboveMaximum({ retry: { baseDelay, maxDelay } }: ResolvedOptions): Conflict | undefined {
  if (baseDelay <= maxDelay) return undefined;
  return {
    key: 'retry.baseDelay',
    got: formatDuration(baseDelay),
    expected: `at most retry.maxDelay (${formatDuration(maxDelay)})`,
  };
}

function delaysWithBackoff({ retry }: ResolvedOptions): readonly Conflict[] {
  if (retry.backoff === undefined) return [];
  return (['baseDelay', 'maxDelay'] as const).map((member) => ({
    key: `retry.${member}`,
    got: formatDuration(retry[member]),
    expected: 'no value together with retry.backoff, which returns the delays itself',
  }));
}

function preloadAboveMaximum({ preload, limits: { maxEntries } }: ResolvedOptions): Conflict | undefined {
  if (preload.length <= maxEntries) return undefined;
  return {
    key: 'preload',
    got: `${preload.length} names`,
    expected: `at most limits.maxEntries (${maxEntries}) names, because all of them stay in memory`,
  };
}
