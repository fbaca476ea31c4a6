import type { OperatorCommand } from '#events/operator-command.ts';
import { HOST_KEY, INCIDENT_ID, iso, NOW_MS, uuid } from './builders.ts';

type Of<T extends OperatorCommand['type']> = Extract<OperatorCommand, { type: T }>;

const COMMANDS: { readonly [T in OperatorCommand['type']]: Of<T> } = {
  disarm: { type: 'disarm', ...said() },
  arm: { type: 'arm', ...said() },
  release: { type: 'release', ...said(), hostKey: HOST_KEY, incidentId: INCIDENT_ID, gates: [] },
  dismiss: { type: 'dismiss', ...said(), hostKey: HOST_KEY, incidentId: INCIDENT_ID },
  return: { type: 'return', ...said(), hostKey: HOST_KEY },
  'maintenance-on': { type: 'maintenance-on', ...said(), hostKey: HOST_KEY, drain: false },
  'maintenance-off': { type: 'maintenance-off', ...said(), hostKey: HOST_KEY },
  'confirm-off': { type: 'confirm-off', ...said(), hostKey: HOST_KEY, incidentId: INCIDENT_ID },
};

function said() {
  return { version: 1, id: uuid(6, 1), time: iso(NOW_MS), by: 'ann', reason: 'network test' } as const;
}

let commands = 0;
/** What ann asks for, now; each with an id of its own. */
export function aCommand<T extends OperatorCommand['type']>(type: T, overrides: Partial<Of<T>> = {}): Of<T> {
  commands += 1;
  return { ...COMMANDS[type], id: uuid(7, commands), ...overrides };
}
