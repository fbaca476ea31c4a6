/**
 * What devices really say. The bodies are made from the vendors' message registries and from answers that people have
 * reported; each names its source.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Reply } from '../server.ts';
import { closers, SYSTEM, setup, system, TARGET } from './bmc.ts';

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const error = (code: string, message: string, ...info: readonly object[]) => ({
  error: { code, message, '@Message.ExtendedInfo': info },
});
const SEE = 'See @Message.ExtendedInfo for more information.';
const GENERAL = 'A general error has occurred. See ExtendedInfo for more information.';

interface Said {
  readonly vendor: string;
  readonly reset: Reply;
  readonly words: string;
}

const ALREADY_OFF: readonly Said[] = [
  {
    // goldyfruit/ansible-ilo, issue 1: iLO 4 spells MessageID, tells no text, and says all of it twice.
    vendor: 'HPE iLO 4',
    reset: {
      status: 400,
      body: {
        Messages: [{ MessageArgs: ['Power is off'], MessageID: 'iLO.0.10.InvalidOperationForSystemState' }],
        Type: 'ExtendedError.1.0.0',
        ...error('iLO.0.10.ExtendedInfo', SEE, {
          MessageArgs: ['Power is off'],
          MessageID: 'iLO.0.10.InvalidOperationForSystemState',
        }),
      },
    },
    words: 'iLO.0.10.InvalidOperationForSystemState (Power is off)',
  },
  {
    // HPE's iLO message registry 2.18.
    vendor: 'HPE iLO 5',
    reset: {
      status: 400,
      body: error('iLO.0.10.ExtendedInfo', SEE, {
        MessageArgs: ['Power is off'],
        MessageId: 'iLO.2.18.InvalidOperationForSystemState',
      }),
    },
    words: 'iLO.2.18.InvalidOperationForSystemState (Power is off)',
  },
  {
    // Dell's message PSU501 (Event and Error Message Reference Guide); dell/dellemc-openmanage-ansible-modules, issue 132.
    vendor: 'Dell iDRAC 9',
    reset: {
      status: 409,
      body: error('Base.1.8.GeneralError', GENERAL, {
        Message: 'Server is already powered OFF.',
        MessageArgs: [],
        'MessageArgs@odata.count': 0,
        MessageId: 'IDRAC.2.5.PSU501',
        RelatedProperties: [],
        Resolution: 'No response action is required.',
        Severity: 'Informational',
      }),
    },
    words: 'Server is already powered OFF.',
  },
  {
    // DMTF's Base registry (DSP8011), as XCC and others use it for a request that the resource's state does not allow.
    vendor: 'Lenovo XCC, by the Base registry',
    reset: {
      status: 409,
      body: error('Base.1.12.GeneralError', GENERAL, {
        '@odata.type': '#Message.v1_1_2.Message',
        Message: 'The change to the requested resource failed because the resource is in use or in transition.',
        MessageId: 'Base.1.12.ResourceInUse',
        MessageSeverity: 'Warning',
        Resolution: 'Remove the condition and resubmit the request if the operation failed.',
      }),
    },
    words: 'The change to the requested resource failed because the resource is in use or in transition.',
  },
  {
    // The same registry's ActionNotSupported, with the one message that older Redfish has in place of a list.
    vendor: 'a BMC with one message in place of a list',
    reset: {
      status: 405,
      body: {
        error: {
          code: 'Base.1.0.GeneralError',
          message: GENERAL,
          '@Message.ExtendedInfo': { MessageId: 'Base.1.0.ActionNotSupported', MessageArgs: ['Reset'] },
        },
      },
    },
    words: 'Base.1.0.ActionNotSupported (Reset)',
  },
];

describe('switching off what is off already', () => {
  it.each(ALREADY_OFF)('is well by $vendor', async ({ reset, words }) => {
    const { device } = await setup({ system: system({ PowerState: 'Off' }), reset });
    const answer = await device.powerOff(null);
    expect(answer).toMatchObject({ kind: 'accepted', detail: expect.stringMatching(/^it was off already/) });
    expect(answer.detail).toContain(words);
  });

  it.each(ALREADY_OFF)('is not believed of $vendor while the power is on', async ({ reset, words }) => {
    const { device } = await setup({ reset });
    const answer = await device.powerOff(null);
    expect(answer.kind).toBe(reset !== 'drop' && reset !== 'hang' && reset.status === 409 ? 'unknown' : 'refused');
    expect(answer.detail).toContain(words);
  });
});

describe('a power-off that is accepted', () => {
  it.each<[string, Reply]>([
    // xcat2/xcat-core, pull request 5910: 200 and this text.
    [
      'Supermicro',
      { status: 200, body: { Success: { code: 'Base.v1_4_0.Success', Message: 'Successfully Completed Request.' } } },
    ],
    // HPE's "Redfish error responses and messages": a success is told as an error.
    ['HPE iLO', { status: 200, body: error('iLO.0.10.ExtendedInfo', SEE, { MessageId: 'Base.1.4.Success' }) }],
    ['Dell iDRAC and sushy-tools', { status: 204, body: '' }],
    ['OpenBMC', { status: 204, body: '' }],
    ['one without a body', { status: 200, body: '' }],
    ['one that answers with a page', { status: 200, body: '<html>' }],
  ])('by %s', async (_vendor, reset) => {
    const { device } = await setup({ reset });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
  });
});

describe('a device that', () => {
  it('asks for the slash at the end, as iLO does, is followed there', async () => {
    const target = `${TARGET}/`;
    const at = {
      [`GET ${SYSTEM}`]: { status: 308, headers: { location: `${SYSTEM}/` } },
      [`GET ${SYSTEM}/`]: { body: system({}, { target }) },
      [`POST ${target}`]: { status: 200, body: {} },
    };
    const { device } = await setup({ at });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
  });

  it('tells its reset types by an ActionInfo, as OpenBMC does, is asked for that', async () => {
    // openbmc/bmcweb, pull request 266.
    const info = `${SYSTEM}/ResetActionInfo`;
    const types = [
      'On',
      'ForceOff',
      'ForceOn',
      'ForceRestart',
      'GracefulRestart',
      'GracefulShutdown',
      'PowerCycle',
      'Nmi',
    ];
    const body = {
      '@odata.type': '#ActionInfo.v1_1_2.ActionInfo',
      Parameters: [{ AllowableValues: types, DataType: 'String', Name: 'ResetType', Required: true }],
    };
    const reset = { 'ResetType@Redfish.AllowableValues': undefined, '@Redfish.ActionInfo': info };
    const { device, seen } = await setup({ system: system({}, reset), at: { [`GET ${info}`]: { body } } });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(seen()).toEqual([`GET ${SYSTEM}`, `GET ${info}`, `POST ${TARGET}`]);
    // A link to nowhere says nothing of what is allowed.
    const lost = await setup({ system: system({}, reset) });
    expect(await lost.device.powerOff(null)).toMatchObject({ kind: 'accepted' });
  });

  it('does not know ForceOff after all, as bmcweb says it, is refused by its own words', async () => {
    // ibm-openbmc/bmcweb, pull request 157.
    const text = 'The action Reset was submitted with the invalid parameter ForceOff.';
    const reset = {
      status: 400,
      body: error('Base.1.8.1.ActionParameterUnknown', text, {
        '@odata.type': '#Message.v1_1_1.Message',
        Message: text,
        MessageArgs: ['Reset', 'ForceOff'],
        MessageId: 'Base.1.8.1.ActionParameterUnknown',
        MessageSeverity: 'Warning',
      }),
    };
    const { device } = await setup({ system: system({}, { 'ResetType@Redfish.AllowableValues': undefined }), reset });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'refused', detail: `ForceOff answered 400: ${text}` });
  });

  it('has a button in place of ForceOff is not pressed', async () => {
    const { device, seen } = await setup({
      system: system({}, { 'ResetType@Redfish.AllowableValues': ['On', 'PushPowerButton', 'GracefulShutdown'] }),
    });
    expect(await device.powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: the device does not allow ForceOff, only On, PushPowerButton, GracefulShutdown',
    });
    expect(seen()).toEqual([`GET ${SYSTEM}`]);
  });

  it('says several things says them all, once', async () => {
    const info = [{ Message: 'First.' }, { Message: 'Second.' }, { Message: 'First.' }, {}];
    const { device } = await setup({ reset: { status: 500, body: error('x', GENERAL, ...info) } });
    expect((await device.powerOff(null)).detail).toBe('ForceOff answered 500: First.; Second.');
  });
});
