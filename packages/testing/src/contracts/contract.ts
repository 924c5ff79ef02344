import { describe, test } from 'vitest';

/** Real milliseconds for one clause. Its sockets are real too, and the machine may be busy. */
const timeout = 60_000;

/** One requirement of a contract. `check` rejects if the subject does not meet it. */
export interface Clause<Subject> {
  /** A sentence about behaviour; the title of the test. */
  readonly name: string;
  readonly check: (subject: Subject) => Promise<void>;
}

/**
 * Registers one test for each clause. Each test opens its own subject.
 *
 * Clauses are data rather than calls of `test`, so that a contract can itself be tested with defective subjects.
 */
export function describeContract<Subject>(title: string, clauses: readonly Clause<Subject>[], subject: Subject): void {
  describe(title, () => {
    // oxlint-disable-next-line vitest/expect-expect -- the clause contains the assertions
    for (const { name, check } of clauses) test(name, { timeout }, () => check(subject));
  });
}

/** The names of the clauses that a subject does not meet. */
export async function failedClauses<Subject>(clauses: readonly Clause<Subject>[], subject: Subject): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, check } of clauses) {
    try {
      await check(subject);
    } catch {
      failed.push(name);
    }
  }
  return failed;
}
