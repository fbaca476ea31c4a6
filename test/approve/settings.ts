import type { PolicyInput } from '#test/support/builders.ts';

export const people = {
  ann: { token: 'of-ann', role: 'approver' },
  ben: { token: 'of-ben', role: 'approver' },
  cat: { token: 'of-cat', role: 'viewer' },
} as const;
export const SETTINGS: Partial<PolicyInput> = {
  access: { people },
  notify: {
    consoleUrl: 'https://salvor.test',
    approvals: { key: 'approvals', validSeconds: 3600 },
    heldSeconds: 60,
    channels: {
      ann: { type: 'webhook', credentials: 'ann', person: 'ann' },
      all: { type: 'slack', credentials: 'all' },
    },
    routes: [{ channels: ['ann', 'all'] }],
  },
};
