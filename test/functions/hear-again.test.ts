import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HearAgain } from '#events/operator-command.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { obeyOperator } from '#functions/obey-operator.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { listParked } from '#shared/state/parked.ts';
import { anEvent, aPolicy, type EventInput, HOST_KEY } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';

/** A dead letter of `host-events` that an operator has redriven: it is the word of who had sent it. */

const policy = aPolicy({
  reporters: {
    monitor: { awsPrincipals: ['AROAEXAMPLEMONITOR'] },
    agents: { awsPrincipals: ['AROAEXAMPLEHOSTS'], self: true },
    relay: { awsPrincipals: ['AROAEXAMPLERELAY'], relay: true },
  },
});
let services: FakeServices;
beforeEach(async () => {
  services = { ...fakeServices(policy), trustedSenders: { principals: ['AROAEXAMPLEOWN'] } };
  await mirrorInventory(services);
});
afterEach(() => services.state.close());

/** Obeyed for an operator, and received from the function that obeys. */
async function redrive(senderId: string | undefined, body: string): Promise<void> {
  const message: HearAgain = { type: 'hear-again', version: 1, body, ...(senderId === undefined ? {} : { senderId }) };
  expect(await obeyOperator.handle(services, [aRecord(message, { senderId: 'AIDAOPERATOR01' })])).toEqual([]);
  const again = services.outbox.take().map(({ message: sent }) => aRecord(sent, { senderId: 'AROAEXAMPLEOWN:obey' }));
  expect(await receiveHostEvent.handle(services, again)).toEqual([]);
}
const said = (input: EventInput = {}, more: object = {}) => JSON.stringify({ ...anEvent(input), ...more });
const claims = async () => Object.keys((await loadHost(services.state, HOST_KEY))?.value.claims ?? {});
const parked = async () => (await Array.fromAsync(listParked(services.state))).map(({ because }) => because);

describe('a report that is heard again', () => {
  it.each([
    ['a reporter of the policy', 'AROAEXAMPLEMONITOR:x', said(), 'monitor'],
    ['a host that speaks of itself', 'AROAEXAMPLEHOSTS:compute-1', said(), 'agents'],
    ['one through a relay', 'AROAEXAMPLERELAY:x', said({ source: '/a' }), '/a'],
    ['one that salvor’s endpoint had let in', 'AROAEXAMPLEOWN:http', said({}, { reporter: 'monitor' }), 'monitor'],
    [
      'nobody of the policy, whatever it says',
      'AIDAEXAMPLEOTHER',
      said({}, { reporter: 'monitor' }),
      'aws:AIDAEXAMPLEOTHER',
    ],
  ])('is the word of %s', async (_, senderId, body, reporter) => {
    await redrive(senderId, body);
    expect(await claims()).toEqual([reporter]);
    expect(await parked()).toEqual([]);
  });

  it('has the scope of who had sent it, not of the operator', async () => {
    await redrive('AROAEXAMPLEHOSTS:compute-9', said());
    expect(await claims()).toEqual([]);
    expect(await parked()).toEqual(['it may speak of itself only']);
  });

  it.each([
    ['no JSON', /not JSON/],
    ['{}', /not a host event/],
  ])('is parked when it is none: %s', async (body, because) => {
    await redrive('AROAEXAMPLEMONITOR:x', body);
    expect(await parked()).toEqual([expect.stringMatching(because)]);
  });
});
