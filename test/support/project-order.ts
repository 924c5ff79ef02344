import { createHash } from 'node:crypto';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/**
 * Runs the groups one after the other, and alternates between the projects of a group: files that wait for processes then run
 * beside files that compute. Slow files belong into the first groups: one that starts last would run alone at the end.
 *
 * With `fileOrder`, a seed, the files of a project run in another order. Those of one worker share its modules and its global
 * object, so this finds a file that passes only before, or only after, another one.
 */
export function projectOrder(groups: readonly (readonly string[])[], fileOrder?: string): typeof BaseSequencer {
  const rankOf = ({ moduleId }: TestSpecification): string =>
    createHash('sha256').update(`${fileOrder} ${moduleId}`).digest('hex');
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      // oxlint-disable-next-line unicorn/no-array-sort -- a method of the sequencer, not of an array
      const sorted = fileOrder === undefined ? await super.sort(files) : sortBy(files, rankOf);
      const filesOf = (name: string): TestSpecification[] => sorted.filter(({ project }) => project.name === name);
      const ordered = groups.flatMap((names) => alternate(names.map(filesOf)));
      return [...ordered, ...sorted.filter((file) => !ordered.includes(file))];
    }
  };
}

function sortBy<Item>(items: readonly Item[], rankOf: (item: Item) => string): Item[] {
  const ranked = items.map((item) => ({ item, rank: rankOf(item) }));
  return ranked.toSorted((left, right) => (left.rank < right.rank ? -1 : 1)).map(({ item }) => item);
}

/** The first item of each list, then the second of each, and so on. */
function alternate<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}
