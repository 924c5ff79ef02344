/** The labels of a series. A missing one is left out. */
export type Attributes = Readonly<Record<string, string>>;

/** One number of a metric. */
export interface Sample {
  readonly value: number;
  readonly attributes: Attributes;
}

/** How the numbers of several clients become one. */
export type Merge = 'sum' | 'max' | 'min';

/** The samples of one metric, by their attributes: those with the same attributes are merged. */
export class SampleSet {
  readonly #samples = new Map<string, Sample>();
  readonly #merge: Merge;

  constructor(merge: Merge) {
    this.#merge = merge;
  }

  add({ value, attributes }: Sample): void {
    const key = seriesKey(attributes);
    const previous = this.#samples.get(key);
    this.#samples.set(key, {
      attributes,
      value: previous === undefined ? value : merged(this.#merge, previous.value, value),
    });
  }

  get samples(): readonly Sample[] {
    return [...this.#samples.values()];
  }
}

/** A key that is the same for the same attributes, in any order. */
export function seriesKey(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function merged(merge: Merge, one: number, other: number): number {
  if (merge === 'sum') return one + other;
  return merge === 'max' ? Math.max(one, other) : Math.min(one, other);
}
