import type { Notify, Route } from '../policy-notify.ts';
import { isAtLeast, type Notice } from './notice.ts';

/**
 * The channels that a notice goes to, each once. The end of a trouble, and that a person is at work on it, goes to whoever was
 * told of the trouble as well: an alarm that nobody ends is switched off by hand, and the next one with it.
 * @param told channels that were told anything of the same thread
 */
export function channelsFor(notice: Notice, { routes, channels }: Notify, told: readonly string[]): readonly string[] {
  const routed = routes.filter((route) => isFor(route, notice)).flatMap((route) => route.channels);
  const follows = notice.state === 'open' ? [] : told.filter((each) => Object.hasOwn(channels, each));
  return [...new Set([...routed, ...follows])];
}

function isFor({ kinds, minSeverity, segments }: Route, { kind, severity, segment }: Notice): boolean {
  if (kinds !== undefined && !kinds.includes(kind)) return false;
  if (segments !== undefined && (segment === null || !segments.includes(segment))) return false;
  return isAtLeast(severity, minSeverity);
}
