import * as z from 'zod';
import { type HostEvent, hostEvent } from '#events/host-event.ts';
import { PermanentError } from '#shared/errors.ts';
import { fits } from '#shared/pattern.ts';

/** What a mapper is told besides the body. */
export interface SourceContext {
  /** Unix ms. */
  readonly nowMs: number;
  newId(): string;
  /** The query of the URL that the program was given: what it can't tell by itself. */
  readonly query: Readonly<Record<string, string>>;
}

export interface Parsed {
  readonly events: readonly HostEvent[];
  /** Why an item said nothing: for the answer's body and the log. */
  readonly ignored: readonly string[];
}

/**
 * From what a program sends to what it says of hosts. Pure.
 * @throws PermanentError when the body is not of the program's form.
 */
export type Mapper = (body: unknown, context: SourceContext) => Parsed;

/** Items of one body at most: a storm that takes every host of a large cloud fits. */
export const MAX_ITEMS = 5000;
const MAX_HOST_CHARS = 255;
const MAX_REASON_CHARS = 1024;
const MAX_ERROR_CHARS = 1000;
const MAX_IGNORED_CHARS = 300;

/** @throws PermanentError that names each wrong field */
export function read<T extends z.ZodType>(schema: T, body: unknown, what: string): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new PermanentError(`not ${what}: ${z.prettifyError(parsed.error).slice(0, MAX_ERROR_CHARS)}`);
}

export interface Said {
  readonly type: HostEvent['type'];
  readonly id: string;
  /** Which program spoke, for people; decides nothing. */
  readonly source: string;
  readonly host: string;
  readonly timeMs: number;
  readonly reason: string;
  /** Of `process.down` and `process.up`. */
  readonly process?: string;
}

/**
 * An event as the contract wants it, its texts cut to what it takes.
 * @throws PermanentError when the host or the time is not one.
 */
export function eventOf({ type, id, source, host, timeMs, reason, process }: Said): HostEvent {
  const data = { host, reason: reason.slice(0, MAX_REASON_CHARS), ...(process === undefined ? {} : { process }) };
  const event = { specversion: '1.0', id: shortId(id), source: source.slice(0, 512), type, time: isoOf(timeMs), data };
  return read(hostEvent, event, 'something that makes an event');
}

/** Longer ones are cut where they differ least: behind their beginning. */
const shortId = (id: string): string => (id.length <= 256 ? id : `${id.slice(0, 100)}…${id.slice(-150)}`);

/** @throws PermanentError when it is no time that RFC 3339 can write */
function isoOf(timeMs: number): string {
  const years = { min: Date.UTC(1970, 0), max: Date.UTC(9999, 11, 31) };
  if (!(timeMs >= years.min && timeMs <= years.max)) throw new PermanentError('a time of the body is not one');
  return new Date(timeMs).toISOString();
}

/** Of `https://compute-1:9100/metrics`, `compute-1:9100` and `[fd00::1]:9100` the host; undefined when there is none. */
export function hostName(text: string | undefined): string | undefined {
  const authority = text
    ?.trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/s, '');
  const host = authority?.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1');
  return host === undefined || host === '' || host.length > MAX_HOST_CHARS ? undefined : host;
}

/** RFC 3339, and the offset without a colon that some BMCs write. NaN when it is none. */
export const timeOf = (text: string): number => Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));

const MINUTE_MS = 60_000;
/** A start this young is when the program saw it; with an older one it says that the alert fires still. */
const FRESH_MS = 2 * MINUTE_MS;

/**
 * When an alert that fires was seen: its start while that is fresh, afterwards the minute before the notification's, which
 * may have been on its way for a while: a word of the same program that the alert has ended must not look older. A retry
 * within the minute is the same event; a repeat of the notification renews the claim before it expires
 * (`reporters.claimTtlSeconds`), and its time stays within `events.maxAgeSeconds`.
 */
export const seenFiring = (startMs: number, nowMs: number): number =>
  nowMs - startMs < FRESH_MS ? startMs : minuteOf(nowMs) - MINUTE_MS;

export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** The names of the query option, or those that are known. `*` is any text; case does not matter. */
export function meant(name: string, option: string | undefined, known: readonly string[]): boolean {
  const patterns = option === undefined ? known : option.split(',').map((each) => each.trim());
  return patterns.some((pattern) => pattern !== '' && fits(name.toLowerCase(), pattern.toLowerCase()));
}

/** Collects what the items of a body say. */
export function collect<T>(items: readonly T[], judge: (item: T) => HostEvent | string): Parsed {
  const said = items.map(judge);
  return {
    events: said.filter((each) => typeof each !== 'string'),
    ignored: said.filter((each) => typeof each === 'string').map((each) => each.slice(0, MAX_IGNORED_CHARS)),
  };
}
