import { readFileSync } from 'node:fs';

export const ROOT = new URL('../../', import.meta.url);

/** A page of the project, by its path from the root. */
export const readPage = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** A row of a table: its cells by the titles of their columns, without the backticks. */
export type TableRow = Readonly<Record<string, string>>;

/** Every table of a page, in order. A `|` inside a cell is written `\|`. */
export function tablesOf(markdown: string): readonly (readonly TableRow[])[] {
  const tables: string[][] = [];
  let open = false;
  for (const line of withoutBlocks(markdown).split('\n')) {
    const isRow = line.startsWith('|');
    if (isRow && open) tables.at(-1)?.push(line);
    else if (isRow) tables.push([line]);
    open = isRow;
  }
  return tables.map(([head = '', , ...rows]) => {
    const titles = cellsOf(head);
    return rows.map((row) =>
      Object.fromEntries(cellsOf(row).map((cell, column) => [titles[column] ?? `column ${column}`, cell])),
    );
  });
}

/** @throws Error when no table of the page has a column of this title. */
export function tableWith(markdown: string, title: string): readonly TableRow[] {
  const found = tablesOf(markdown).find(([first]) => first !== undefined && title in first);
  if (found === undefined) throw new Error(`no table has a column "${title}"`);
  return found;
}

const cellsOf = (line: string): readonly string[] =>
  line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|').replaceAll('`', '').trim());

export const listOf = (cell: string): readonly string[] => cell.split(',').map((each) => each.trim());

export interface CodeBlock {
  readonly language: string;
  /** What stands behind the language: `test` in ```` ```sh test ````. */
  readonly marks: readonly string[];
  readonly text: string;
}

const BLOCK = /^```(.*)\n([\s\S]*?)^```$/gm;

export function codeBlocksOf(markdown: string): readonly CodeBlock[] {
  return [...markdown.matchAll(BLOCK)].map(([, info = '', text = '']) => {
    const [language = '', ...marks] = info.trim().split(/\s+/);
    return { language, marks, text };
  });
}

export const withoutBlocks = (markdown: string): string => markdown.replace(BLOCK, '');

/** Words in backticks, outside of code blocks. */
export const namedIn = (markdown: string): ReadonlySet<string> =>
  new Set([...withoutBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name));
