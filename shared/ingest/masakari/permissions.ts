import type { Policy } from '#shared/domain/policy.ts';
import { isScoped, type Reporter } from '#shared/domain/reporter.ts';
import type { Action } from './call.ts';
import { Fault } from './faults.ts';

/**
 * Who may do what. A role for reports alone, since compute hosts hold it; and whoever may speak of some hosts only can't
 * change what protects the others, whatever roles it has.
 * @throws Fault 403
 */
export function permit(
  { rule }: Pick<Action, 'rule'>,
  has: readonly string[],
  reporter: Reporter,
  policy: Policy,
): void {
  const { roles, reportRoles = [], readRoles = [] } = policy.masakari ?? { roles: ['admin'] };
  const kind = kindOf(rule);
  const enough = { report: [...roles, ...reportRoles], read: [...roles, ...readRoles], change: roles }[kind];
  const refused = `Policy doesn't allow os_masakari_api:${rule} to be performed.`;
  if (!has.some((role) => enough.includes(role))) throw new Fault(403, refused);
  if (kind === 'change' && isScoped(reporter, policy))
    throw new Fault(403, `${refused} The reporter ${reporter.name} may report only (salvor's policy, reporters).`);
}

function kindOf(rule: string): 'report' | 'read' | 'change' {
  if (rule === 'notifications:create') return 'report';
  return rule.endsWith(':index') || rule.endsWith(':detail') ? 'read' : 'change';
}
