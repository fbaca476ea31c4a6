import * as z from 'zod';

/** Forms that values of the policy have in common. */
export const seconds = (min: number, max: number) => z.number().min(min).max(max);
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, ".", "_" and "-"; 63 at most');
export const hostName = z.string().min(1).max(255);
const percent = z.number().max(100);
/** None is not a limit that anything could keep. */
export const somePercent = percent.gt(0);
/** 0 asks for nothing. */
export const anyPercent = percent.min(0);
