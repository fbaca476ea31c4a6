import * as z from 'zod';
import { eventOf, hostName, type Mapper, read } from './source.ts';

/** What `agents/systemd/salvor-failure@.service` posts: `MONITOR_*` of `OnFailure=` units (systemd 251 or newer). */
const failure = z.object({
  host: z.string().min(1).max(255),
  unit: z.string().min(1).max(255),
  /** RFC 3339. */
  time: z.iso.datetime({ offset: true }),
  MONITOR_SERVICE_RESULT: z.string().max(255).optional(),
  MONITOR_EXIT_CODE: z.string().max(255).optional(),
  MONITOR_EXIT_STATUS: z.string().max(255).optional(),
  MONITOR_INVOCATION_ID: z.string().max(255).optional(),
});

export const systemd: Mapper = (body) => {
  const told = read(failure, body, 'a unit failure of systemd');
  const { unit, time, MONITOR_SERVICE_RESULT: result, MONITOR_EXIT_CODE: code, MONITOR_EXIT_STATUS: status } = told;
  const host = hostName(told.host);
  if (host === undefined) return { events: [], ignored: [`unit ${unit} has failed on no host`] };
  const ended = code === undefined ? '' : ` (${[code, status].filter((each) => each).join(' ')})`;
  const event = eventOf({
    type: 'process.down',
    id: `${host}/${unit}/${told.MONITOR_INVOCATION_ID ?? ''}/${time}`,
    source: `/systemd/${host}`,
    host,
    timeMs: Date.parse(time),
    reason: `${unit} has failed: ${result ?? 'systemd does not say why'}${ended}`,
    process: unit.replace(/\.service$/, ''),
  });
  return { events: [event], ignored: [] };
};
