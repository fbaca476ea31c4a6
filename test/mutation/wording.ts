/** The parts of a Babel path that the rule looks at. */
interface NodePath {
  readonly node: { readonly type: string; readonly value?: unknown };
  readonly parent: { readonly type: string } | null;
}

/** What Stryker's report says of a mutant that this rule leaves out. */
export const WORDING = 'wording';

/**
 * Texts for people are not mutated: plain strings that hold a space and are not compared with anything. Templates are,
 * as they carry the numbers and names of a decision; so is a single word, as it may be a status.
 */
function shouldIgnore({ node, parent }: NodePath): string | undefined {
  const isText = node.type === 'StringLiteral' && typeof node.value === 'string' && node.value.includes(' ');
  const isCompared = parent?.type === 'BinaryExpression' || parent?.type === 'SwitchCase';
  return isText && !isCompared ? WORDING : undefined;
}

/** A plugin of Stryker: `stryker.config.json` names it. */
export const strykerPlugins = [{ kind: 'Ignore', name: WORDING, value: { shouldIgnore } }] as const;
