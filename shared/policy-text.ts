import { type Document, isNode, type LineCounter } from 'yaml';
import * as z from 'zod';
import { type Policy, policySchema } from './domain/policy.ts';
import { PermanentError } from './errors.ts';
import { OWN, readYaml, type Size } from './policy-yaml.ts';

/** A policy as somebody has written it, YAML or JSON. */
export type PolicyText =
  | { readonly is: 'well'; readonly policy: Policy }
  | { readonly is: 'not-yaml'; readonly says: string; readonly line: number | null }
  | {
      readonly is: 'wrong';
      readonly error: z.ZodError;
      readonly lineOf: (path: readonly PropertyKey[]) => number | null;
    };

/** What is wrong with it, and where. */
export interface PolicyFault {
  /** The key, such as `segments.0.graceSeconds`; empty: the whole text. */
  readonly path: string;
  /** Counted from 1; null where no line has it. */
  readonly line: number | null;
  readonly says: string;
}

/** Faults that are told at most: nobody mends more at once. */
export const MOST_FAULTS = 100;

/** @param size beyond which it is not read; the operator's own file may have any */
export function parsePolicy(text: string, size: Size = OWN): PolicyText {
  const read = readYaml(text, size);
  if (read.is === 'not-yaml') return read;
  const { value, document, lines } = read;
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return { is: 'well', policy: parsed.data };
  return { is: 'wrong', error: parsed.error, lineOf: (path) => lineIn(document, lines, path) };
}

/**
 * A policy, YAML or JSON, checked.
 * @param called what its faults are told of: "the policy policy.yaml is wrong: …", "… is not YAML: …"
 * @param size beyond which it is not read; the operator's own file may have any
 * @throws PermanentError with its first faults: what is wrong, at which key, and what is allowed there.
 */
export function policyFromText(text: string, called: string, size: Size = OWN): Policy {
  const parsed = parsePolicy(text, size);
  if (parsed.is === 'well') return parsed.policy;
  if (parsed.is === 'not-yaml') throw new PermanentError(`${called} is not YAML: ${parsed.says}`);
  const { issues } = parsed.error;
  const told = z.prettifyError(new z.ZodError(issues.slice(0, MOST_FAULTS)));
  throw new PermanentError(`${called} is wrong:\n${[told, ...andMore(issues.length)].join('\n')}`);
}

/** None: it is well. The last one says how many are not told, where there are. */
export function faultsOf(text: PolicyText): readonly PolicyFault[] {
  if (text.is === 'well') return [];
  if (text.is === 'not-yaml') return [{ path: '', line: text.line, says: `not YAML: ${text.says}` }];
  const { issues } = text.error;
  const told = issues
    .slice(0, MOST_FAULTS)
    .flatMap((issue) => within(issue, []))
    .slice(0, MOST_FAULTS)
    .map(({ path, message }) => ({ path: path.map(String).join('.'), line: text.lineOf(path), says: message }));
  return [...told, ...andMore(issues.length).map((says) => ({ path: '', line: null, says }))];
}

const andMore = (faults: number): readonly string[] =>
  faults > MOST_FAULTS ? [`and ${faults - MOST_FAULTS} more`] : [];

interface Found {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of several forms the one that was meant: that with the fewest faults. */
function within(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): readonly Found[] {
  const path = [...before, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ path, message: issue.message }];
  const [meant = []] = issue.errors.toSorted((a, b) => a.length - b.length);
  return meant.flatMap((each) => within(each, path));
}

/** Of the key, or of the nearest one above it that is written. */
function lineIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
