/** A larger distance is a different word rather than a typing error. */
const maxDistance = 2;

/**
 * The candidate with the smallest edit distance to `word`, if that is at most `maxDistance`. The case and the separators
 * `_`, `-` and `.` do not count: `CREDENTIALS-TYPE` is `credentials_type`.
 */
export function closestMatch(word: string, candidates: Iterable<string>): string | undefined {
  const letters = lettersOf(word);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const other = lettersOf(candidate);
    if (Math.abs(other.length - letters.length) > maxDistance) continue;
    const distance = editDistance(letters, other);
    // Of a word with two letters, two errors leave nothing.
    if (
      distance < letters.length &&
      distance <= maxDistance &&
      distance < (best?.distance ?? Number.POSITIVE_INFINITY)
    ) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
}

/** `; did you mean "regionId"?`, or nothing. Continues the text of an error. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const match = closestMatch(word, candidates);
  return match === undefined ? '' : `; did you mean "${match}"?`;
}

function lettersOf(word: string): string {
  return word.toLowerCase().replaceAll(/[_.-]/gu, '');
}

/** The Levenshtein distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
