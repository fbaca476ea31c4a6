/** What a change of the policy comes to. */
export interface Meaning {
  /** In a person's words; null where the key says it all. */
  readonly means: string | null;
  /** Whether salvor then acts with fewer guards before it, or with more; null: neither. */
  readonly guards: 'fewer' | 'more' | null;
}

const NOTHING: Meaning = { means: null, guards: null };
const fewer = (means: string): Meaning => ({ means, guards: 'fewer' });
const more = (means: string): Meaning => ({ means, guards: 'more' });
const neither = (means: string): Meaning => ({ means, guards: null });

/** Of a number: by whether it grew. */
const number =
  (grown: (by: number, to: number) => Meaning, shrunk: (by: number, to: number) => Meaning) =>
  (before: unknown, after: unknown): Meaning => {
    if (typeof before !== 'number' || typeof after !== 'number') return NOTHING;
    return after > before ? grown(after - before, after) : shrunk(before - after, after);
  };

/** Of a value that has words for what it becomes. */
const value =
  (words: Readonly<Record<string, Meaning>>) =>
  (_: unknown, after: unknown): Meaning =>
    words[String(after)] ?? NOTHING;

const moreAtOnce = number(
  () => fewer('more hosts may fail together before the next one is held for a person'),
  () => more('fewer hosts may fail together before the next one is held for a person'),
);

/** By the end of the path, the longest first. */
const WORDS: Readonly<Record<string, (before: unknown, after: unknown) => Meaning>> = {
  mode: value({
    enforce: fewer('hosts of the segment are fenced and their instances evacuated from now on'),
    shadow: more('it decides and records, and touches nothing from now on'),
  }),
  graceSeconds: number(
    (by) => more(`a host is fenced ${by} s later`),
    (by) => fewer(`a host is fenced ${by} s sooner: a reboot may not fit into it any more`),
  ),
  'reporters.required': number(
    (_, to) => more(`${to} independent reporters must agree`),
    (_, to) => fewer(to === 1 ? 'one reporter alone is enough' : `${to} independent reporters are enough`),
  ),
  requireNovaDown: value({
    true: more('Nova too must see the host down'),
    false: fewer('a host may be fenced while Nova still sees it up'),
  }),
  minHealthyHosts: number(
    () => more('more healthy hosts must be left when a host is fenced'),
    () => fewer('a host is fenced with fewer healthy hosts left'),
  ),
  'storm.maxHosts': moreAtOnce,
  'storm.maxPercent': moreAtOnce,
  'storm.maxHostsPerDay': moreAtOnce,
  'storm.windowSeconds': number(
    () => more('hosts count as failing together for longer'),
    () => fewer('hosts count as failing together for less long'),
  ),
  'storm.coolDownSeconds': number(
    () => more('after a limit was hit nobody is fenced for longer'),
    () => fewer('after a limit was hit it goes on sooner'),
  ),
  'settling.pauseSeconds': number(
    () => more('after a start nobody is fenced for longer'),
    () => fewer('it fences sooner after a start'),
  ),
  'instances.protect': value({
    all: neither('every instance is brought back unless it opted out'),
    'opted-in': neither('only instances that opted in are brought back'),
  }),
  'instances.sharedInstanceStorage': value({
    true: fewer('instances with a local disk are evacuated: their disks must be on storage that every host shares'),
    false: more('instances with a local disk are left alone'),
  }),
  'instances.allowRebuildFromImage': value({
    true: fewer('a local disk that is not shared is LOST: Nova makes a new one of the image'),
    false: more('instances with a local disk are left alone'),
  }),
  'evacuation.maxInFlight': number(
    (_, to) => neither(`up to ${to} evacuations at the same time`),
    (_, to) => neither(`no more than ${to} evacuations at the same time`),
  ),
  'confirmOff.people': number(
    (_, to) => more(`${to} people must confirm that a host is off`),
    (_, to) =>
      to === 0
        ? more('nobody may confirm that a host is off')
        : fewer(`${to} are enough to confirm that a host is off`),
  ),
  'fencing.proofMaxAgeSeconds': number(
    () => fewer('an older reading of the power still counts as proof'),
    () => more('the power is read again sooner'),
  ),
  'observer.devices': number(
    () => more('more devices are tried to tell whether salvor itself is cut off'),
    () => fewer('fewer devices are tried to tell whether salvor itself is cut off'),
  ),
};

/** Of a part with a name: what it means that it comes, and that it goes. */
const PARTS: Readonly<Record<string, readonly [Meaning, Meaning]>> = {
  segments: [
    neither('its hosts are watched, fenced and evacuated by it'),
    neither('nothing of its hosts is fenced or evacuated any more'),
  ],
  fenceDevices: [
    neither('it can be fenced'),
    neither('it can not be fenced by this any more: nothing of it is evacuated'),
  ],
  reporters: [neither('it may report'), neither('what it reports is refused')],
  'access.people': [neither('may be let in'), neither('is not let in any more')],
};

/** @param path of the change, by its keys; undefined values: there is none */
export function meaningOf(path: readonly string[], before: unknown, after: unknown): Meaning {
  const part = PARTS[path.slice(0, -1).join('.')];
  if (part !== undefined && before === undefined) return part[0];
  if (part !== undefined && after === undefined) return part[1];
  const words = WORDS[path.slice(-2).join('.')] ?? WORDS[path.at(-1) ?? ''];
  return words?.(before, after) ?? NOTHING;
}
