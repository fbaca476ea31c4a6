import { inWords } from './names.ts';

/** Who speaks in a log. */
export type Voice =
  /** What is true out there, whatever anybody says. */
  | 'world'
  /** What goes wrong from now on. */
  | 'fault'
  | 'report'
  /** Operators and owners. */
  | 'person'
  /** What salvor decides, and why. */
  | 'salvor'
  /** What salvor asks of Nova and of fence devices. */
  | 'asks';

/** One thing that happened, as `by: text of`; those of one second that have the same text are told together. */
export interface Entry {
  readonly voice: Voice;
  readonly text: string;
  readonly by?: string;
  readonly of?: string;
  /** Told below it. */
  readonly more?: readonly string[];
  /** What is said again of this host is only counted. */
  readonly about?: string;
}

interface Line {
  readonly second: number;
  readonly entry: Entry;
  /** The names behind `of`, by the names before the text. */
  readonly names: Map<string, Set<string>>;
  repeats: number;
  lastSecond: number;
}

/** So many lines are taken for one cycle at most. */
const CYCLE = 12;

/** A log that people read: what belongs together in one line, and what only repeats itself left out. */
export class Page {
  readonly #lines: Line[] = [];
  /** What was told of each host since the last news. */
  readonly #told = new Map<string, Map<string, Line>>();

  add(atMs: number, entry: Entry): void {
    const second = Math.floor(atMs / 1000);
    const { voice, text, by = '', of = '', more = [], about } = entry;
    const said = [voice, by, text, of, ...more].join('|');
    const before = about === undefined ? undefined : this.#told.get(about)?.get(said);
    if (before !== undefined) {
      before.repeats += 1;
      before.lastSecond = second;
      return;
    }
    // What has changed out there makes news of what was said before.
    if (about === undefined && voice !== 'salvor' && voice !== 'asks') this.#told.clear();
    const line = this.#together(second, entry) ?? this.#newLine(second, entry);
    line.names.set(by, (line.names.get(by) ?? new Set()).add(of));
    if (about === undefined) return;
    const known = this.#told.get(about) ?? new Map<string, Line>();
    if (known.size >= CYCLE) known.clear();
    this.#told.set(about, known.set(said, line));
  }

  #newLine(second: number, entry: Entry): Line {
    const line: Line = { second, entry, names: new Map(), repeats: 0, lastSecond: second };
    this.#lines.push(line);
    return line;
  }

  /** The line of this second that says the same of others. What is done to one and the same keeps its order. */
  #together(second: number, { voice, text, by, of, more }: Entry): Line | undefined {
    if (by === undefined && of === undefined) return undefined;
    for (let index = this.#lines.length - 1; index >= 0; index -= 1) {
      const line = this.#lines[index];
      if (line?.second !== second) return undefined;
      const { entry, names } = line;
      if (entry.voice === voice && entry.text === text && entry.more?.join() === more?.join()) return line;
      if (entry.voice !== voice || voice === 'report') continue;
      if ((by !== undefined && names.has(by)) || (of !== undefined && [...names.values()].some((each) => each.has(of))))
        return undefined;
    }
    return undefined;
  }

  render(): string {
    const out: string[] = [];
    let shown: number | undefined;
    for (const line of this.#lines) {
      const { second, entry, repeats, lastSecond } = line;
      const again = repeats === 0 ? '' : ` (${repeats} more until ${lastSecond})`;
      for (const said of sentencesOf(line)) {
        const time = second === shown ? '' : String(second);
        shown = second;
        out.push(`${time.padStart(6)}  ${entry.voice.padEnd(6)}  ${said}${again}`);
      }
      for (const each of entry.more ?? []) out.push(`${' '.repeat(18)}${each}`);
    }
    return out.join('\n');
  }
}

/** One for all who say the same of the same. */
function sentencesOf({ entry, names }: Line): readonly string[] {
  const groups = Map.groupBy(names, ([, of]) => inWords(of));
  return [...groups].map(([of, members]) => {
    const by = inWords(members.map(([name]) => name));
    const say = entry.voice === 'report' ? ` say${members.length === 1 ? 's' : ''} ` : ': ';
    return `${by === '' ? '' : `${by}${say}`}${entry.text}${of === '' ? '' : ` ${of}`}`;
  });
}
