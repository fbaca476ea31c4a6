import type { OperatorCommand } from '#events/operator-command.ts';
import type { Role } from './policy-access.ts';

/** What each role may do. Each may also do what the ones before it may. */

export const ROLES = ['viewer', 'operator', 'approver'] as const satisfies readonly Role[];

/** Whether somebody of this role may do what needs that one. */
export const mayAs = ({ role }: { readonly role: Role }, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);

/** The most that one of these gives; undefined where there is none. */
export const highest = (roles: readonly Role[]): Role | undefined => ROLES.findLast((each) => roles.includes(each));

/** Who takes a guard away, or stands for a host's death, must be an approver; who makes salvor do less, an operator. */
export const NEEDS: { readonly [T in OperatorCommand['type']]: Role } = {
  disarm: 'operator',
  arm: 'approver',
  release: 'approver',
  dismiss: 'operator',
  'confirm-off': 'approver',
  return: 'operator',
  'maintenance-on': 'operator',
  'maintenance-off': 'operator',
};
