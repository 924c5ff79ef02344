import type { ConfigurationIssue } from '../secret/errors.ts';
import { durationText } from './rows.ts';
import type { ResolvedOptions } from './options.ts';

/** What an option says that another takes back. */
interface Conflict {
  readonly option: keyof ResolvedOptions;
  readonly isMet: (values: ResolvedOptions) => boolean;
  readonly got: (values: ResolvedOptions) => string;
  readonly expected: (values: ResolvedOptions) => string;
}

const conflicts: readonly Conflict[] = [
  ...takenBackBy('hedge', ['hedgeDelay', 'hedgeShare']),
  ...takenBackBy('breaker', ['breakerFailures', 'breakerFailureRate', 'breakerWindow', 'breakerMinCalls']),
  ...takenBackBy('breaker', ['breakerOpenTime', 'breakerOpenTimeCap']),
  {
    option: 'hedgeDelay',
    isMet: ({ hedge, hedgeDelay = 0, attemptTimeout }) => hedge && hedgeDelay >= attemptTimeout,
    got: ({ hedgeDelay = 0 }) => durationText(hedgeDelay),
    expected: ({ attemptTimeout }) =>
      `less than attemptTimeout (${durationText(attemptTimeout)}), after which the next endpoint is asked anyway`,
  },
  {
    option: 'breakerOpenTime',
    isMet: ({ breaker, breakerOpenTime, breakerOpenTimeCap }) => breaker && breakerOpenTime > breakerOpenTimeCap,
    got: ({ breakerOpenTime }) => durationText(breakerOpenTime),
    expected: ({ breakerOpenTimeCap }) => `at most breakerOpenTimeCap (${durationText(breakerOpenTimeCap)})`,
  },
  {
    option: 'breakerMinCalls',
    isMet: (values) => values.breaker && values.breakerMinCalls > mostCalls(values),
    got: ({ breakerMinCalls }) => String(breakerMinCalls),
    expected: (values) =>
      `at most ${mostCalls(values)}, which is all that maxRequestsPerSecond lets into breakerWindow`,
  },
];

/**
 * Every contradiction among options that are each right by themselves. Looked for only where somebody has set the option:
 * a default contradicts nobody.
 */
export function conflictsIn(
  values: ResolvedOptions,
  sources: ReadonlyMap<keyof ResolvedOptions, string>,
): readonly ConfigurationIssue[] {
  return conflicts.flatMap(({ option, isMet, got, expected }) => {
    const source = sources.get(option);
    if (source === undefined || !isMet(values)) return [];
    return [{ key: option, source, got: got(values), expected: expected(values) }];
  });
}

/** Options of something that is switched off: somebody thinks that it is on. */
function takenBackBy(by: 'hedge' | 'breaker', options: readonly (keyof ResolvedOptions)[]): readonly Conflict[] {
  return options.map((option) => ({
    option,
    isMet: (values) => !values[by],
    got: () => `a value together with ${by}: false`,
    expected: () => `${by} to be on, or this to be left out`,
  }));
}

function mostCalls({ maxRequestsPerSecond, breakerWindow }: ResolvedOptions): number {
  return maxRequestsPerSecond * Math.floor(breakerWindow / 1_000 + 1);
}
