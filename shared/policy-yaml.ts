import { type Document, isNode, isScalar, Lexer, LineCounter, parseDocument, visit } from 'yaml';

/** How much a text may be. What is beyond is not read at all: to read takes this process, which also fences, time. */
export interface Size {
  /** Words, marks, line breaks and indents, as YAML has them. */
  readonly tokens: number;
  readonly aliases: number;
  /** Each as often as aliases repeat it. */
  readonly values: number;
  /** Of all keys and values, each as often as aliases repeat it. */
  readonly characters: number;
}

/** Of the operator's own file, which nobody else writes: only aliases that multiply without end are refused. */
export const OWN: Size = {
  tokens: Number.POSITIVE_INFINITY,
  aliases: Number.POSITIVE_INFINITY,
  values: 2_000_000,
  characters: 200_000_000,
};

export type YamlText =
  | { readonly is: 'read'; readonly value: unknown; readonly document: Document; readonly lines: LineCounter }
  | { readonly is: 'not-yaml'; readonly says: string; readonly line: number | null };

/** Of brackets: a policy needs fewer than ten. */
const DEEPEST = 100;

/** YAML or JSON as values. The time that it takes grows with the size of the text, and no faster. */
export function readYaml(text: string, size: Size): YamlText {
  const says = tooMuch(text, size);
  if (says !== undefined) return { is: 'not-yaml', says, line: null };
  const lines = new LineCounter();
  try {
    const document = parsed(text, lines);
    const fault = document.errors[0] ?? keyFault(document);
    if (fault !== undefined) {
      const { line, col } = lines.linePos(fault.pos[0]);
      return { is: 'not-yaml', says: `${fault.message} at line ${line}, column ${col}`, line };
    }
    // What aliases repeat is counted below: what `yaml` counts itself takes time by the square.
    const value: unknown = document.toJS({ maxAliasCount: -1 });
    if (!isWithin(size, value)) {
      const most = `${size.values} values, or ${size.characters} characters`;
      return { is: 'not-yaml', says: `more than ${most}, with what aliases repeat`, line: null };
    }
    return { is: 'read', value, document, lines };
  } catch (error) {
    // Lines that nest without end.
    return { is: 'not-yaml', says: error instanceof Error ? error.message : String(error), line: null };
  }
}

/** By what `yaml` cuts the text into, which is quick, before anything is made of it. */
function tooMuch(text: string, size: Size): string | undefined {
  let tokens = 0;
  let aliases = 0;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === '[' || token === '{') depth += 1;
    if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    if (token.startsWith('*')) aliases += 1;
    if (depth > DEEPEST) return `more than ${DEEPEST} brackets within each other`;
    if (tokens > size.tokens) return `more than ${size.tokens} words and marks`;
    if (aliases > size.aliases) return `more than ${size.aliases} aliases`;
  }
  return undefined;
}

function parsed(text: string, lineCounter: LineCounter): Document {
  const before = Error.stackTraceLimit;
  // A text may have a fault at each letter: a trace of each takes ten times what else is done.
  Error.stackTraceLimit = 0;
  try {
    // `uniqueKeys` compares each key with all before it, `prettyErrors` takes out the whole line for each fault, and by
    // another schema than this, which a text may ask for, sets and ordered maps are compared so too.
    return parseDocument(text, { lineCounter, uniqueKeys: false, prettyErrors: false, schema: 'core', merge: false });
  } finally {
    Error.stackTraceLimit = before;
  }
}

interface KeyFault {
  readonly message: string;
  readonly pos: readonly [number];
}

/** Of a JSON object too the last of two equal keys would count, and nobody would see the first one go. */
function keyFault(document: Document): KeyFault | undefined {
  let fault: KeyFault | undefined;
  visit(document, {
    Map(_, { items }) {
      const known = new Set<unknown>();
      for (const { key } of items) {
        const message = !isScalar(key)
          ? 'Map keys must be words'
          : known.has(key.value)
            ? 'Map keys must be unique'
            : undefined;
        if (message !== undefined) {
          fault = { message, pos: [isNode(key) ? (key.range?.[0] ?? 0) : 0] };
          return visit.BREAK;
        }
        known.add(isScalar(key) ? key.value : key);
      }
      return undefined;
    },
  });
  return fault;
}

/** One that holds itself has no end. */
function isWithin(size: Size, value: unknown): boolean {
  const left: unknown[] = [value];
  let characters = 0;
  for (let values = 0; left.length > 0; values += 1) {
    const next = left.pop();
    if (typeof next === 'string') characters += next.length;
    else if (typeof next === 'object' && next !== null)
      for (const [key, each] of Object.entries(next)) {
        characters += key.length;
        left.push(each);
      }
    if (values + left.length > size.values || characters > size.characters) return false;
  }
  return true;
}
