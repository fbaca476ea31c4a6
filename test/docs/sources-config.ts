import { codeBlocksOf, readPage } from './markdown.ts';

export interface Connection {
  /** The heading of its section. */
  readonly title: string;
  /** The configuration as it stands in the page. */
  readonly text: string;
}

/** How each source is connected, by docs/sources.md. */
export const connections: readonly Connection[] = readPage('docs/sources.md')
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const [title = ''] = section.split('\n');
    const blocks = codeBlocksOf(section).filter(({ marks }) => marks.includes('connect'));
    return blocks.map(({ text }) => ({ title, text }));
  });

/** @throws Error when the page has no such section */
export function connectionOf(title: string): string {
  const found = connections.find((each) => each.title === title);
  if (found === undefined) throw new Error(`docs/sources.md does not say how to connect ${title}`);
  return found.text;
}
