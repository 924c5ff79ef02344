import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Starts the files of the first project first: a slow file that starts last would run alone at the end. */
export function projectsInOrder(names: readonly string[]): typeof BaseSequencer {
  const place = ({ project }: TestSpecification): number => names.indexOf(project.name);
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      // oxlint-disable-next-line unicorn/no-array-sort -- a method of the sequencer, not of an array
      const sorted = await super.sort(files);
      return sorted.toSorted((one, other) => place(one) - place(other));
    }
  };
}
