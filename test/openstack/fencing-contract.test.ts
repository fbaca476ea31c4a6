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

describeOnRig('the IPMI driver', (bench) => {
  defineFencingContract("OpenIPMI's ipmi_sim at the power cord of a real Nova's host", async () => {
    const { rig } = bench();
    const [name = ''] = rig.computes;
    const { ipmiPort, systemUuid: uuid, username, password: right } = rig.bmc(name);
    return {
      device: ({ password = right, systemUuid, address } = {}) =>
        fencing({ secrets: { get: async () => ({ username, password }) }, version: '0' }).device({
          driver: 'ipmi',
          address: `127.0.0.1:${address === 'nobody' ? 9 : ipmiPort}`,
          credentials: 'bmc',
          cipherSuite: 3,
          privilege: 'operator',
          // The rig gives ipmi_sim the UUID byte by byte.
          guidEncoding: 'rfc4122',
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
