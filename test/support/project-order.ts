import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/**
 * Runs the groups one after the other, and alternates between the projects of a group: files that wait for processes then run
 * beside files that compute. Slow files belong into the first groups: one that starts last would run alone at the end.
 */
export function projectOrder(groups: readonly (readonly string[])[]): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      // oxlint-disable-next-line unicorn/no-array-sort -- a method of the sequencer, not of an array
      const sorted = await super.sort(files);
      const filesOf = (name: string): TestSpecification[] => sorted.filter(({ project }) => project.name === name);
      const ordered = groups.flatMap((names) => alternate(names.map(filesOf)));
      return [...ordered, ...sorted.filter((file) => !ordered.includes(file))];
    }
  };
}

/** The first item of each list, then the second of each, and so on. */
function alternate<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}
