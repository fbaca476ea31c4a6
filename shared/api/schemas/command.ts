import { z } from '@hono/zod-openapi';
import {
  arm,
  confirmOff,
  disarm,
  dismiss,
  giveBack,
  maintenanceOff,
  maintenanceOn,
  operatorCommand,
  release,
} from '#events/operator-command.ts';
import type { CommandOutcome } from '#shared/state/operator-log.ts';
import { unixMs } from './common.ts';

/** What the server adds: who asks and when is not for the asker to say. */
const ADDED = { version: true, id: true, time: true, by: true } as const;

export const asked = z
  .discriminatedUnion('type', [
    disarm.omit(ADDED),
    arm.omit(ADDED),
    release.omit(ADDED),
    dismiss.omit(ADDED),
    // Who is logged in on the machine only the command line there can tell.
    confirmOff.omit({ ...ADDED, login: true }),
    giveBack.omit(ADDED),
    maintenanceOn.omit(ADDED),
    maintenanceOff.omit(ADDED),
  ])
  .openapi('Command');

export const outcomeSchema: z.ZodType<CommandOutcome> = z
  .strictObject({
    type: z.enum(['obeyed', 'refused']),
    command: z.enum([...operatorCommand.options.map(({ shape }) => shape.type.value), 'change']),
    commandId: z.uuid(),
    by: z.string(),
    reason: z.string(),
    on: z.string(),
    said: z.string(),
    incidentId: z.string().nullable(),
    askedAtMs: unixMs,
    atMs: unixMs,
  })
  .openapi('CommandOutcome');
