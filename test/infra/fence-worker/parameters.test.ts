import { beforeAll, describe, expect, it } from 'vitest';
import { type Agent, openAgents } from '#infra/fence-worker/agents.ts';
import { faultOfRequest, faultOfSecret, inputOf } from '#infra/fence-worker/parameters.ts';
import { aConfig, fakeAgents } from './support.ts';

let agent: Agent;
beforeAll(async () => {
  const agents = fakeAgents();
  const own = { parameters: { privlvl: 'user', fake_path: '/opt/x y' } };
  const opened = await openAgents(agents.folder, aConfig({ agents: { fence_fake: own } }));
  agents.remove();
  const found = opened.get('fence_fake');
  if (found === undefined) throw new Error('not opened');
  agent = found;
});

describe('parameters that come by the queue', () => {
  it.each([
    [{ ip: '192.0.2.1', plug: '3', ipport: '623', lanplus: '1', power_wait: '0.5' }],
    [{ ip: 'chassis-1.bmc.test', systems_uri: '/redfish/v1/Systems/1' }],
    [{ ip: '2001:db8::7', plug: 'compute-1.example.org' }],
  ])('may be %j', (parameters) => {
    expect(faultOfRequest(agent, parameters)).toBeUndefined();
  });

  it.each([
    ['plugg', '3', 'the agent does not know it'],
    ['ipaddr', '192.0.2.1', 'that is an old name: write the new one'],
    ['privlvl', 'administrator', "the worker's own configuration sets it"],
    ['ipport', '623@evil.test', 'its value is no integer'],
    ['lanplus', 'perhaps', 'its value is no boolean'],
    ['power_wait', '1e9', 'its value is no second'],
    ['fake_path', '/bin/sh', "it is set by the worker's own configuration only"],
    ['fake_script', '/bin/sh', "it is set by the worker's own configuration only"],
    ['ssh_options', '-oProxyCommand=x', "it is set by the worker's own configuration only"],
    ['identity_file', '/etc/shadow', "it is set by the worker's own configuration only"],
    ['password', 'x', 'a secret does not come by the queue'],
    ['community', 'public', 'a secret does not come by the queue'],
    ['missing_as_off', '1', 'what the device does not know is not off'],
    ['action', 'reboot', 'the action is that of the request'],
    ['plug', '-i', 'characters that do not come by the queue'],
    ['plug', '1 -f /etc/shadow', 'characters that do not come by the queue'],
    ['plug', '1\naction=reboot', 'characters that do not come by the queue'],
    ['plug', '$(reboot)', 'characters that do not come by the queue'],
    ['plug', '"1"', 'characters that do not come by the queue'],
    ['systems_uri', '@evil.test/', 'a path begins with /'],
  ])('may not be %s=%j', (key, value, because) => {
    expect(faultOfRequest(agent, { [key]: value })).toMatch(because);
  });
});

describe('a secret', () => {
  it('has what the agent takes, and nothing that is set elsewhere', () => {
    expect(faultOfSecret(agent, {}, { username: 'admin', password: 'x y' })).toBeUndefined();
    expect(faultOfSecret(agent, {}, { token: 'x' })).toBe('its token: the agent does not know it');
    expect(faultOfSecret(agent, { plug: '1' }, { plug: '2' })).toBe('its plug is set elsewhere as well');
    expect(faultOfSecret(agent, {}, { privlvl: 'user' })).toBe('its privlvl is set elsewhere as well');
  });

  it('that would write a second line is refused without a word of it', () => {
    const fault = faultOfSecret(agent, {}, { password: 'geheim\naction=reboot' });
    expect(fault).toBe('its password: its value has line breaks or other control characters');
  });
});

describe('what an agent reads', () => {
  it('begins with the action, and ends with the own parameters of the worker', () => {
    expect(inputOf(agent, 'off', { ip: '192.0.2.1', plug: '3' }, { password: 'a=b' })).toBe(
      'action=off\nip=192.0.2.1\nplug=3\npassword=a=b\nprivlvl=user\nfake_path=/opt/x y\n',
    );
  });

  it('keeps blanks and quotes of a password, which agents take off', () => {
    const lines = inputOf(agent, 'off', { password: ' geheim' }, { username: '"admin"' });
    expect(lines).toContain('\npassword=" geheim"\n');
    expect(lines).toContain('\nusername=""admin""\n');
  });

  it('names no flag that is off, as agents ask whether it was named; unless off is not its default', () => {
    expect(inputOf(agent, 'off', { lanplus: '0' })).not.toContain('lanplus');
    expect(inputOf(agent, 'off', { lanplus: '1' })).toContain('\nlanplus=1\n');
    expect(inputOf(agent, 'off', { ssl: 'no' })).toContain('\nssl=no\n');
  });
});
