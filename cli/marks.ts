import type { styleText } from 'node:util';
import type { StoryLine } from '#shared/domain/story/story.ts';

/** How a line of a story is marked on a terminal. */
export const MARKS: Readonly<
  Record<StoryLine['mark'], { readonly sign: string; readonly colour: Parameters<typeof styleText>[0] }>
> = {
  report: { sign: '>', colour: 'dim' },
  decision: { sign: '*', colour: 'cyan' },
  action: { sign: '!', colour: 'yellow' },
  proof: { sign: '#', colour: 'magenta' },
  trouble: { sign: '?', colour: 'red' },
  good: { sign: '+', colour: 'green' },
};
