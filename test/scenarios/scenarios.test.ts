import { describe, expect, it } from 'vitest';
import { readCoverage } from './support/coverage.ts';
import { documentOf, readDocument, unknownGroups } from './support/document.ts';
import { performPlay } from './support/perform.ts';
import { logOf, readScenario, scenarioIds } from './support/scenarios.ts';

/** A log that nobody reads to its end documents nothing. */
const LINES_THAT_ARE_READ = 70;

describe('a scenario', () => {
  it.for(scenarioIds())('%s goes as its log tells', async (id) => {
    const { play } = readScenario(id);
    const { log, violation, open } = await performPlay(play);
    expect(violation).toBeUndefined();
    expect(open).toEqual(play.leavesOpen ?? []);
    // `npm run scenarios -- --update` writes the logs anew, to be read before they are committed.
    expect(log).toBe(logOf(id));
    expect(log.split('\n').length).toBeLessThanOrEqual(LINES_THAT_ARE_READ);
  });
});

describe('docs/scenarios.md', () => {
  const scenarios = scenarioIds().map(readScenario);
  const coverage = readCoverage();
  const questions = coverage.flatMap((part) => Object.entries(part.questions));
  const answered = new Set(scenarios.flatMap(({ play }) => play.answers));

  it('is as the scenarios make it', () => {
    expect(unknownGroups(scenarios)).toEqual([]);
    expect(readDocument()).toBe(documentOf(scenarios, coverage));
  });

  it('has an answer to each question, or says why there is none', () => {
    const open = questions.filter(([id, question]) => answered.has(id) !== (typeof question === 'string'));
    expect(open.map(([id]) => id)).toEqual([]);
  });

  it('answers no question that nobody asks', () => {
    const asked = new Set(questions.map(([id]) => id));
    expect([...answered].filter((id) => !asked.has(id))).toEqual([]);
  });
});
