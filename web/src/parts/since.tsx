import { useServerTime } from '../live.ts';
import { lasting } from '../words.ts';

/** How long ago something was; it counts by itself, and nothing else is drawn again. */
export function Since({ atMs }: { readonly atMs: number }) {
  return <time dateTime={new Date(atMs).toISOString()}>{lasting(Math.max(1000, useServerTime() - atMs))}</time>;
}
