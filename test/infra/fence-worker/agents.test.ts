import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { openAgents } from '#infra/fence-worker/agents.ts';
import { PermanentError } from '#shared/errors.ts';
import { aConfig, type FakeAgents, newFakeAgents } from './support.ts';

let agents: FakeAgents;
beforeEach(() => {
  agents = newFakeAgents();
});

/** The fake agent under another name, and with other words in it. */
function copy(name: string, ...changes: readonly (readonly [from: string | RegExp, to: string])[]): void {
  const text = readFileSync(join(agents.folder, 'fence_fake'), 'utf8');
  writeFileSync(
    join(agents.folder, name),
    changes.reduce((all, [from, to]) => all.replace(from, to), text),
  );
  chmodSync(join(agents.folder, name), 0o755);
}

const open = (name: string, parameters: Record<string, string> = {}) =>
  openAgents(agents.folder, aConfig({ agents: { [name]: { parameters } } }));

async function refused(because: RegExp, ...given: Parameters<typeof open>): Promise<void> {
  const opened = open(...given);
  await expect(opened).rejects.toBeInstanceOf(PermanentError);
  await expect(opened).rejects.toThrow(because);
}

it('knows what an agent takes and does', async () => {
  const metadata = (await open('fence_fake')).get('fence_fake')?.metadata;
  expect([...(metadata?.actions ?? [])]).toEqual(['on', 'off', 'reboot', 'status', 'metadata']);
  expect(metadata?.isFabric).toBe(false);
  expect(metadata?.parameters.get('privlvl')).toEqual({
    ...{ type: 'select', default: 'administrator', isDeprecated: false },
    options: ['user', 'administrator'],
  });
  expect(metadata?.parameters.get('ipaddr')?.isDeprecated).toBe(true);
  expect(metadata?.parameters.get('plug')?.isDeprecated).toBe(false);
});

it('starts with no agent that is not there or says nothing of itself', async () => {
  await refused(/^there is no fence agent fence_nowhere in .*: install it, or leave it out$/, 'fence_nowhere');
  writeFileSync(join(agents.folder, 'fence_mute'), '#!/bin/sh\necho no module >&2; exit 1\n', { mode: 0o755 });
  await refused(
    /^fence_mute is not run: its metadata are not those of a fence agent \(it ended with 1: no module\)$/,
    'fence_mute',
  );
  writeFileSync(join(agents.folder, 'fence_bare'), '#!/nowhere/python\n', { mode: 0o755 });
  await refused(/^fence_bare is not run: .* ENOENT\)$/, 'fence_bare');
});

it('starts with no agent whose word would be no proof', async () => {
  copy('fence_switch', ['<action name="on" automatic="0"/>', '<action name="on" automatic="1"/>']);
  await refused(/^fence_switch is not run: it cuts off storage or a network, not power/, 'fence_switch');
  copy('fence_blind', ['<action name="status" />', '']);
  await refused(/^fence_blind is not run: it has no action status/, 'fence_blind');
  copy('fence_dummy');
  await refused(/^fence_dummy is not run: its device is made up$/, 'fence_dummy');
});

it('starts with no own parameter that an agent does not take', async () => {
  await refused(/^fence_fake is not run: parameter plugg: the agent does not know it$/, 'fence_fake', { plugg: '1' });
  await refused(/^fence_fake is not run: parameter ipaddr: that is an old name/, 'fence_fake', { ipaddr: '1' });
  await refused(/parameter privlvl: it is one of user, administrator$/, 'fence_fake', { privlvl: 'root' });
  await refused(/parameter missing_as_off: what the device does not know is not off$/, 'fence_fake', {
    missing_as_off: '1',
  });
  await expect(open('fence_fake', { fake_path: '/opt/x' })).resolves.toBeDefined();
});
