import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { OperatorCommand } from '#events/operator-command.ts';
import { mayAs, NEEDS } from '#shared/domain/roles.ts';
import { type Me, me, signOut } from './api.ts';
import { lookAgain } from './live.ts';

/** Who looks at the console, and what he may do. */

const KEY = ['me'] as const;

export const useMe = (): Me | undefined => useQuery({ queryKey: KEY, queryFn: me, staleTime: 60_000 }).data;

/** Everything is asked for anew by whoever it is now. */
export function signedIn(): void {
  lookAgain();
}

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await signOut();
    // What somebody saw is not for who comes next.
    client.clear();
    lookAgain();
  };
}

/** Why somebody may not ask for this; undefined where he may. The server decides: this only tells beforehand. */
export function whyNot(who: Me | undefined, { type }: { readonly type: OperatorCommand['type'] }): string | undefined {
  if (who === undefined || mayAs(who, NEEDS[type])) return undefined;
  return `${type} needs the role ${NEEDS[type]}, and you are ${who.role}`;
}
