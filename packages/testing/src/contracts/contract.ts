import { describe, test } from 'vitest';

/** Real milliseconds for a clause: its sockets are real too, and a machine may be busy. */
const timeout = 20_000;

/** One thing that a contract asks. `check` throws if the subject does not do it. */
export interface Clause<Subject> {
  /** A sentence about behaviour. */
  readonly name: string;
  readonly check: (subject: Subject) => Promise<void>;
}

/**
 * Turns clauses into tests, each with a subject of its own.
 *
 * The clauses are a list and no calls of `test`, so that a contract can be tried on something broken and be seen to fail.
 */
export function describeContract<Subject>(title: string, clauses: readonly Clause<Subject>[], subject: Subject): void {
  describe(title, () => {
    // oxlint-disable-next-line vitest/expect-expect -- the clause is what expects
    for (const { name, check } of clauses) test(name, { timeout }, () => check(subject));
  });
}

/** The names of the clauses that a subject does not keep. */
export async function brokenClauses<Subject>(clauses: readonly Clause<Subject>[], subject: Subject): Promise<string[]> {
  const broken: string[] = [];
  for (const { name, check } of clauses) {
    try {
      await check(subject);
    } catch {
      broken.push(name);
    }
  }
  return broken;
}
