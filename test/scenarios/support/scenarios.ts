import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Play, playSchema } from './play.ts';

const HERE = new URL('../', import.meta.url);

export interface Scenario {
  /** `group/name`: its directory. */
  readonly id: string;
  readonly group: string;
  /** The first line of its story. */
  readonly title: string;
  readonly story: string;
  readonly play: Play;
}

const at = (path: string): URL => new URL(path, HERE);
const textOf = (path: string): string => readFileSync(at(path), 'utf8');

const foldersIn = (path: string): readonly string[] =>
  readdirSync(at(path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

const NOT_A_GROUP = 'support';

/** `group/name` of every scenario. */
export const scenarioIds = (): readonly string[] =>
  foldersIn('./')
    .filter((group) => group !== NOT_A_GROUP)
    .flatMap((group) => foldersIn(`./${group}/`).map((name) => `${group}/${name}`));

/** @throws z.ZodError for a play that is not of its schema */
export function readScenario(id: string): Scenario {
  const text = textOf(`./${id}/story.md`);
  const [, title = '', story = ''] = /^# (.+)\n\n([\s\S]+)$/.exec(text) ?? [];
  if (title === '') throw new Error(`${id}/story.md has no title and story`);
  const play = playSchema.parse(parse(textOf(`./${id}/play.yaml`)));
  return { id, group: id.slice(0, id.indexOf('/')), title, story: story.trim(), play };
}

export const logOf = (id: string): string => textOf(`./${id}/log.txt`);
export const writeLog = (id: string, log: string): void => writeFileSync(at(`./${id}/log.txt`), log);
