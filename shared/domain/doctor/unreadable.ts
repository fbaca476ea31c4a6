import { type Symptom, trouble } from './symptom.ts';

/** An item of the state that is no form of ours. */
interface Unreadable {
  readonly item: string;
  readonly sort: string;
  readonly because: string;
}

/** @param due of what is under way: it stands still @param incidents of the list: what becomes of them is told by their audit alone */
export const unreadableSymptoms = (
  due: readonly Unreadable[],
  incidents: readonly Unreadable[],
): readonly Symptom[] => [
  ...due.map(({ item, because }) => trouble('unreadable', item, `what is due of it stands still: ${because}`)),
  ...incidents.map(({ sort, because }) => trouble('unreadable', `incident ${sort}`, because)),
];
