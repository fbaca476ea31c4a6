import type { JsonObject, Page, QueryOptions, StateStore, StateWrite } from '#shared/ports.ts';

/** Gives the store of the running test. */
export type CurrentStore = () => StateStore;

/** The limit for what `due` may lag behind, and for the slowest test on a busy machine. */
export const PATIENCE_MS = 20_000;

export const put = (
  sort: string,
  expected: 'absent' | number,
  body: JsonObject = {},
  times: { dueAtMs?: number; expiresAtMs?: number } = {},
): StateWrite => ({ kind: 'put', partition: 'p', sort, expect: expected, body, ...times });
export const check = (sort: string, expected: 'absent' | number): StateWrite => ({
  kind: 'check',
  partition: 'p',
  sort,
  expect: expected,
});
export const remove = (sort: string, expected: number): StateWrite => ({
  kind: 'delete',
  partition: 'p',
  sort,
  expect: expected,
});
export const append = (sort: string, body: JsonObject = {}): StateWrite => ({
  kind: 'append',
  partition: 'p',
  sort,
  body,
});
export const numbered = (count: number, prefix = 's'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);

export const sorts = ({ items }: Page): string[] => items.map(({ sort }) => sort);

export async function allPages(query: (options: QueryOptions) => Promise<Page>): Promise<readonly Page[]> {
  const pages: Page[] = [];
  let after: string | undefined;
  do {
    const page = await query(after === undefined ? {} : { after });
    pages.push(page);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

export const allSorts = async (query: (options: QueryOptions) => Promise<Page>): Promise<readonly string[]> =>
  (await allPages(query)).flatMap(sorts);
