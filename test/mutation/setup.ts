import fc from 'fast-check';

/** A mutant is killed by what a test holds, not by the luck of one run: each run draws the same stories. */
fc.configureGlobal({ seed: 1 });
