/** Calls to fence devices that are under way in one BMC network: until when each may take at the longest, in Unix ms, by its id. */
export type Calls = Readonly<Record<string, number>>;

/** Who calls: `untilMs` frees the place of one that died in its call. */
export interface Caller {
  readonly id: string;
  readonly untilMs: number;
}

/** The calls with one more, those that are over left out; undefined while as many as are allowed are under way. */
export function entered(calls: Calls, { id, untilMs }: Caller, atOnce: number, nowMs: number): Calls | undefined {
  const current = Object.entries(calls).filter(([, endsMs]) => endsMs > nowMs);
  return current.length < atOnce ? Object.fromEntries([...current, [id, untilMs]]) : undefined;
}

export const left = (calls: Calls, id: string): Calls =>
  Object.fromEntries(Object.entries(calls).filter(([each]) => each !== id));
