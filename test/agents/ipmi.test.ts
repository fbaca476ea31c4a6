import { afterAll, beforeAll, expect, it } from 'vitest';
import { type IpmiDeviceOptions, ipmiDevice } from '#shared/adapters/fencing/ipmi/device.ts';
import { type IpmiBmc, startIpmiBmc } from '#sim/bmc/ipmi.ts';
import { defineFencingContract } from '../contracts/fencing.ts';
import { exchangeOf, keepExchange } from './ipmi-exchange.ts';
import { GUID, type IpmiSim, ipmitool, ipmitoolWith, PASSWORD, startIpmiSim, USERNAME } from './ipmi-sim.ts';
import { describeWith, missingPrograms } from './program.ts';

const missing = missingPrograms('ipmi_sim', 'ipmitool');
const UUID = '00112233-4455-6677-8899-aabbccddeeff';

const deviceAt = (port: number, changes: Partial<IpmiDeviceOptions> = {}) =>
  ipmiDevice({ host: '127.0.0.1', port, username: USERNAME, password: PASSWORD, timeoutSeconds: 10, ...changes });

describeWith('IPMI on ipmi_sim', missing, () => {
  defineFencingContract("OpenIPMI's ipmi_sim", async () => {
    const sim = await startIpmiSim();
    return {
      device: async ({ address, ...changes } = {}) =>
        deviceAt(address === 'nobody' ? 9 : sim.port, { cipherSuite: 3, timeoutSeconds: 2, ...changes }),
      systemUuid: UUID,
      hasPower: async () => sim.power() === 'on',
      givePower: async () => sim.setPower('on'),
      spoil: async (fault) => sim.spoil(fault),
      faults: ['stuck', 'error', 'hang'],
      close: sim.close,
    };
  });

  let sim: IpmiSim;
  beforeAll(async () => {
    sim = await startIpmiSim();
  });
  afterAll(() => sim?.close());

  it('agrees with ipmitool about the power, whoever changed it', async () => {
    const device = deviceAt(sim.port, { cipherSuite: 3 });
    const ipmitoolSays = () => ipmitool(sim.port, 3, 'chassis', 'power', 'status');
    sim.setPower('on');
    expect(await ipmitoolSays()).toContain('Chassis Power is on');
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(await ipmitoolSays()).toContain('Chassis Power is off');
    expect(await device.readPower()).toMatchObject({ power: 'off' });
    await ipmitool(sim.port, 3, 'chassis', 'power', 'on');
    expect(await device.readPower()).toMatchObject({ power: 'on' });
    await ipmitool(sim.port, 3, 'chassis', 'power', 'off');
    expect(await device.readPower()).toMatchObject({ power: 'off' });
  });

  it.each(['smbios', 'rfc4122', 'ipmi'] as const)('reads the GUID as ipmitool does: %s', async (guidEncoding) => {
    const said = await ipmitool(sim.port, 3, 'mc', 'guid', guidEncoding);
    // One with a version that it does not know is dumped, without dashes.
    const [, uuid = 'none'] = /System GUID\s*: (\S+)/.exec(said) ?? [];
    const { systemUuid } = await deviceAt(sim.port, { cipherSuite: 3, guidEncoding }).readPower();
    expect(systemUuid?.replaceAll('-', '')).toBe(uuid.replaceAll('-', '').toLowerCase());
  });

  it('gives back what sessions it takes', async () => {
    // ipmi_sim has room for 63.
    const device = deviceAt(sim.port, { cipherSuite: 3 });
    for (let call = 0; call < 80; call += 1) expect(await device.readPower()).toMatchObject({ power: 'off' });
  });

  it('does not speak a weaker suite than the one that is wanted', async () => {
    expect(await deviceAt(sim.port, { cipherSuite: 17 }).powerOff(null)).toMatchObject({
      kind: 'refused',
      detail: 'nothing was sent: Open Session answered 0x04 (invalid authentication algorithm)',
    });
  });

  it('keeps what ipmitool and ipmi_sim say to each other', async () => {
    sim.setPower('on');
    const exchange = await exchangeOf(sim.port, 3, GUID);
    expect(exchange.datagrams.length).toBeGreaterThan(16);
    keepExchange('ipmi_sim-3', 'OpenIPMI ipmi_sim (Debian openipmi 2.0.33-1+b1)', exchange);
  });
});

describeWith('the simulated BMC', missing, () => {
  let power: 'on' | 'off' = 'on';
  let bmc: IpmiBmc;
  const start = (kg?: Buffer) =>
    startIpmiBmc({
      accounts: [{ username: USERNAME, password: PASSWORD }],
      chassis: {
        systemGuid: () => Buffer.from(GUID, 'hex'),
        deviceGuid: () => undefined,
        power: () => power,
        control: (action) => {
          power = action === 0 ? 'off' : 'on';
          return 0;
        },
      },
      ...(kg === undefined ? {} : { kg }),
    });
  beforeAll(async () => {
    bmc = await start();
  });
  afterAll(() => bmc?.stop());

  it.each([3, 17] as const)('satisfies ipmitool with cipher suite %i', async (suite) => {
    power = 'on';
    expect(await ipmitool(bmc.port, suite, 'chassis', 'power', 'status')).toContain('is on');
    await ipmitool(bmc.port, suite, 'chassis', 'power', 'off');
    expect(power).toBe('off');
    expect(await deviceAt(bmc.port, { cipherSuite: suite }).readPower()).toMatchObject({ power: 'off' });
    await ipmitool(bmc.port, suite, 'chassis', 'power', 'on');
    expect(await deviceAt(bmc.port, { cipherSuite: suite }).powerOff(UUID)).toMatchObject({ kind: 'accepted' });
    expect(await ipmitool(bmc.port, suite, 'chassis', 'power', 'status')).toContain('is off');
    expect(await ipmitool(bmc.port, suite, 'mc', 'guid', 'smbios')).toContain(UUID);
  });

  it('is asked for its best suite by ipmitool, which is 17', async () => {
    const { stderr } = await ipmitoolWith(bmc.port, ['-v', '-v'], 'chassis', 'power', 'status');
    expect(stderr).toContain('Using best available cipher suite 17');
  });

  it('has a BMC key that ipmitool and the driver must know', async () => {
    const kg = Buffer.from('4b65792d6f662d7468652d424d43', 'hex');
    const keyed = await start(kg);
    try {
      const options = ['-C', '17', '-y', kg.toString('hex')];
      const { stdout } = await ipmitoolWith(keyed.port, options, 'chassis', 'power', 'status');
      expect(stdout).toContain('Chassis Power is');
      expect(await deviceAt(keyed.port, { kg: `0x${kg.toString('hex')}` }).readPower()).toMatchObject({
        systemUuid: UUID,
      });
      expect(await deviceAt(keyed.port).powerOff(null)).toMatchObject({
        kind: 'refused',
        detail: expect.stringContaining('a BMC key (Kg) is set'),
      });
      await expect(ipmitool(keyed.port, 17, 'chassis', 'power', 'status')).rejects.toThrow('session');
    } finally {
      await keyed.stop();
    }
  });

  it.each([3, 17] as const)('keeps what ipmitool says to it with cipher suite %i', async (suite) => {
    power = 'on';
    const exchange = await exchangeOf(bmc.port, suite, GUID);
    expect(exchange.datagrams.length).toBeGreaterThan(16);
    keepExchange(`simulated-${suite}`, 'sim/bmc/ipmi.ts of this repository', exchange);
  });
});
