import { NOW_MS } from '#test/support/builders.ts';

/**
 * The present moment of every state. When time passes, all that is stored becomes so much older instead, so that
 * states that differ only by the calendar are one state.
 */
export const T0 = NOW_MS;

/** Equal JSON values get the same small number, from 1 on; 0 stands for nothing. */
export class Interned<T> {
  private readonly ids = new Map<string, number>();
  private readonly values: (T | undefined)[] = [undefined];
  private readonly aged = new Map<string, number>();

  /** By identity first: most values are met again as the very same object. */
  private readonly met = new WeakMap<object, number>();

  idOf(value: T): number {
    if (typeof value !== 'object' || value === null) return this.told(value);
    const known = this.met.get(value);
    if (known !== undefined) return known;
    const id = this.told(value);
    this.met.set(value, id);
    return id;
  }

  private told(value: T): number {
    const text = JSON.stringify(value) ?? 'undefined';
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    this.ids.set(text, this.values.length);
    this.values.push(value);
    return this.values.length - 1;
  }

  get(id: number): T {
    if (id < 1 || id >= this.values.length) throw new Error(`nothing has the number ${id}`);
    return this.values[id] as T;
  }

  /** The value as it is when so much time has passed. */
  older(id: number, ms: number): number {
    if (id === 0) return 0;
    const key = `${id} ${ms}`;
    const known = this.aged.get(key);
    if (known !== undefined) return known;
    const result = this.idOf(older(this.get(id), ms));
    this.aged.set(key, result);
    return result;
  }

  get size(): number {
    return this.values.length - 1;
  }
}

/** Durations are small, moments are not. */
const IS_MOMENT = 1e12;
/** No decision tells older moments apart; so what goes on for ever comes round to where it was. */
const OLDEST = T0 - 3_600_000;
/** Also amid words. */
const ISO = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** The value with every moment in it moved into the past. */
export function older<T>(value: T, ms: number): T {
  return move(value, ms) as T;
}

function move(value: unknown, ms: number): unknown {
  if (typeof value === 'number')
    return value > IS_MOMENT && value < Number.MAX_SAFE_INTEGER ? Math.max(OLDEST, value - ms) : value;
  if (typeof value === 'string')
    return value.includes('T') ? value.replace(ISO, (at) => new Date(Date.parse(at) - ms).toISOString()) : value;
  if (Array.isArray(value)) return value.map((each) => move(each, ms));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, move(each, ms)]));
}

/** The value with some keys rewritten, wherever they are. */
export function rewritten(value: unknown, rule: (key: string, value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => rewritten(each, rule));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rewritten(rule(key, each), rule)]));
}
