import { replaceEqualDeep } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { type IssuerOffered, type NowView, newsOfNow, Problem, type Way } from './api.ts';

/** How things are, kept up by one request that is answered when something changes. */
export interface Live {
  readonly now: NowView | undefined;
  /** How far the server's clock is ahead of this one. */
  readonly aheadMs: number;
  /** Why there is no news; null while there would be. */
  readonly trouble: Trouble | null;
}

interface Trouble {
  readonly because: string;
  readonly status: number | null;
  /** By which one may sign in, where that is what is missing. */
  readonly ways: readonly Way[];
  readonly signIn: IssuerOffered | undefined;
  readonly sinceMs: number;
}

const PAUSES_MS = [500, 1000, 2000, 5000, 10_000] as const;

let live: Live = { now: undefined, aheadMs: 0, trouble: null };
const listeners = new Set<() => void>();
let running: AbortController | undefined;

function publish(next: Live): void {
  live = next;
  for (const listener of listeners) listener();
}

async function follow(signal: AbortSignal): Promise<void> {
  let tag: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const news = await newsOfNow(tag, signal);
      failures = 0;
      if (news !== undefined) {
        tag = news.tag;
        // What has not changed stays the same object: nothing of it is drawn again.
        publish({ now: replaceEqualDeep(live.now, news.now), aheadMs: news.now.atMs - Date.now(), trouble: null });
      } else if (live.trouble !== null) publish({ ...live, trouble: null });
    } catch (error) {
      if (signal.aborted) return;
      const because = error instanceof Error ? error.message : String(error);
      const { status, ways, signIn } = error instanceof Problem ? error : { status: null, ways: [], signIn: undefined };
      const sinceMs = live.trouble?.sinceMs ?? Date.now();
      publish({ ...live, trouble: { because, status, ways, signIn, sinceMs } });
      // Nothing comes of asking before somebody has signed in.
      if (status === 401) return;
      const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)];
      failures += 1;
      await new Promise((wait) => setTimeout(wait, pause));
    }
  }
}

/** A page that nobody sees asks for nothing. */
function startOrStop(): void {
  const wanted = listeners.size > 0 && document.visibilityState === 'visible';
  if (wanted && running === undefined) {
    running = new AbortController();
    void follow(running.signal);
  }
  if (!wanted && running !== undefined) {
    running.abort();
    running = undefined;
  }
}
document.addEventListener('visibilitychange', startOrStop);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  startOrStop();
  return () => {
    listeners.delete(listener);
    startOrStop();
  };
}

export const useLive = (): Live => useSyncExternalStore(subscribe, () => live);

/** The server's time, once a second; Unix ms. */
export function useServerTime(): number {
  const { aheadMs } = useLive();
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return nowMs + aheadMs;
}

/** As whoever it is now: what another has seen is forgotten. */
export function lookAgain(): void {
  running?.abort();
  running = undefined;
  publish({ now: undefined, aheadMs: 0, trouble: null });
  startOrStop();
}
