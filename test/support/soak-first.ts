import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** The usual order, but for the soak: it takes its minute whenever it begins, so it begins before everything else. */
export class SoakFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is a sequencer's
    const sorted = await super.sort(files);
    const isSoak = ({ project }: TestSpecification): boolean => project.name === 'soak';
    return [...sorted.filter(isSoak), ...sorted.filter((file) => !isSoak(file))];
  }
}
