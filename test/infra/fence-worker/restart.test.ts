import { beforeEach, describe, expect, it } from 'vitest';
import type { RestartRequest } from '#events/fence-worker.ts';
import type { TaskOf } from '#infra/fence-worker/tasks.ts';
import { aConfig, aRequest, newFakeAgents, tasksIn } from './support.ts';

/** Says what it was given, and ends as the service is called. */
const COMMAND = [
  '/bin/sh',
  '-c',
  'echo "$@"; case $2 in fails) exit 5;; lost) exit 255;; hangs) sleep 300;; esac',
  'sh',
];
const RESTARTS = [
  { services: ['fails', 'lost', 'hangs'], hosts: ['compute-*'], command: [...COMMAND, '{host}', '{service}'] },
  { services: ['nova-compute'], hosts: ['compute-1'], command: ['/bin/true'] },
  { services: ['nova-compute'], hosts: ['*'], command: ['/nowhere/ssh', '{host}'] },
];

let taskOf: TaskOf;
beforeEach(async () => {
  taskOf = await tasksIn(newFakeAgents(), aConfig({ restarts: RESTARTS }));
});

const request = (host: string, service: string): RestartRequest => {
  const { version, id, time, validSeconds } = aRequest();
  return { type: 'restart-service', version, id, time, validSeconds, host, service };
};

async function restart(host: string, service: string, limitMs = 10_000) {
  const task = taskOf(request(host, service));
  return typeof task === 'string' ? task : task.run(limitMs);
}

describe('the restart of a service', () => {
  it('is done by the first command that is meant for service and host', async () => {
    expect(await restart('compute-1', 'nova-compute')).toEqual({
      answer: 'accepted',
      detail: 'nova-compute was restarted on compute-1',
    });
    expect(await restart('compute-2', 'nova-compute')).toMatchObject({
      answer: 'refused',
      detail: expect.stringContaining('/nowhere/ssh'),
    });
  });

  it('has failed, or may have been done, as the command ends', async () => {
    expect(await restart('compute-1', 'fails')).toEqual({
      answer: 'failed',
      detail: 'the restart ended with 5: compute-1 fails',
    });
    expect(await restart('compute-1', 'lost')).toMatchObject({ answer: 'unknown' });
    expect(await restart('compute-1', 'hangs', 200)).toMatchObject({ answer: 'unknown' });
  });

  it.each([
    ['compute-1', 'sshd'],
    ['storage-1', 'fails'],
    ['compute-1; reboot', 'fails'],
    ['compute-$(reboot)', 'fails'],
    ['-oProxyCommand=reboot', 'nova-compute'],
  ])('is refused for %s %s, which no rule allows', async (host, service) => {
    expect(await restart(host, service)).toBe(`this worker restarts no ${service} on ${host}`);
  });

  it('has an effect, and is alone on its host', () => {
    expect(taskOf(request('compute-1', 'fails'))).toMatchObject({
      hasEffect: true,
      place: { device: 'host compute-1' },
    });
  });
});
