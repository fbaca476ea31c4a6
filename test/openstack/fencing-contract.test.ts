import { fencing } from '#shared/adapters/fencing/registry.ts';
import { defineFencingContract } from '../contracts/fencing.ts';
import { describeOnRig } from './suite.ts';

describeOnRig('the Redfish driver', (bench) => {
  defineFencingContract("sushy-tools' emulator", async () => {
    const { rig } = bench();
    const [name = ''] = rig.computes;
    const { redfishSystemPath, systemUuid: uuid, username, password: right } = rig.bmc(name);
    return {
      device: ({ password = right, systemUuid, address } = {}) =>
        fencing({ secrets: { get: async () => ({ username, password }) }, version: '0' }).device({
          driver: 'redfish',
          url: `${address === 'nobody' ? 'http://127.0.0.1:9' : rig.redfishUrl}${redfishSystemPath}`,
          credentials: 'bmc',
          timeoutSeconds: 10,
          ...(systemUuid === undefined ? {} : { systemUuid }),
        }),
      systemUuid: uuid.toLowerCase(),
      hasPower: async () => (await rig.power(name, 'status')) === 'on',
      givePower: async () => {
        await rig.power(name, 'on');
      },
      spoil: (fault) => rig.bmcFault(name, fault === 'hang' ? 'slow' : fault),
      faults: ['stuck', 'error'],
      close: async () => undefined,
    };
  });
});
