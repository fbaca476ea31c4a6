import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests of what runs when modules are loaded: each mutant of that is tried by all files. */
const FIRST = /\/policy[^/]*\.test\.ts$/;
/** They draw thousands of stories, or run a whole recovery for each test. */
const LAST = /(\.(property|model)|\/checkpoint|\/replay[^/]*)\.test\.ts$/;

/** A mutant dies by its first failed test, so the cheap ones come first. */
class CheapFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => (FIRST.test(moduleId) ? 0 : LAST.test(moduleId) ? 2 : 1);
    return [...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

/** What a mutant of `shared/domain` has to get past: the tests of the domain alone, which see it without a shell. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/domain/**/*.test.ts'],
    setupFiles: [fileURLToPath(new URL('./setup.ts', import.meta.url))],
    sequence: { sequencer: CheapFirst },
    // One worker for all files of a mutant: most of its time is loading them.
    isolate: false,
    testTimeout: 30_000,
  },
});
