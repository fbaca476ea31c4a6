import { type Document, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { type Policy, policySchema } from './domain/policy.ts';
import { PermanentError } from './errors.ts';

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

export function parsePolicy(text: string): PolicyText {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines });
    const [fault] = document.errors;
    if (fault !== undefined) return { is: 'not-yaml', says: fault.message, line: fault.linePos?.[0].line ?? null };
    const parsed = policySchema.safeParse(document.toJS());
    if (parsed.success) return { is: 'well', policy: parsed.data };
    return { is: 'wrong', error: parsed.error, lineOf: (path) => lineIn(document, lines, path) };
  } catch (error) {
    // Aliases that multiply, or brackets that nest without end.
    const says = error instanceof Error ? error.message : String(error);
    return { is: 'not-yaml', says, line: null };
  }
}

/**
 * A policy, YAML or JSON, checked.
 * @param called what its faults are told of: "the policy policy.yaml is wrong: …", "… is not YAML: …"
 * @throws PermanentError with every fault: what is wrong, at which key, and what is allowed there.
 */
export function policyFromText(text: string, called: string): Policy {
  const parsed = parsePolicy(text);
  if (parsed.is === 'well') return parsed.policy;
  if (parsed.is === 'not-yaml') throw new PermanentError(`${called} is not YAML: ${parsed.says}`);
  throw new PermanentError(`${called} is wrong:\n${z.prettifyError(parsed.error)}`);
}

/** None: it is well. */
export function faultsOf(text: PolicyText): readonly PolicyFault[] {
  if (text.is === 'well') return [];
  if (text.is === 'not-yaml') return [{ path: '', line: text.line, says: `not YAML: ${text.says}` }];
  return text.error.issues
    .flatMap((issue) => within(issue, []))
    .map(({ path, message }) => ({
      path: path.map(String).join('.'),
      line: text.lineOf(path),
      says: message,
    }));
}

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
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line;
  }
  return null;
}
