/** The contract of `agents/salvor-send`: what it keeps while salvor is out of reach, for how long, and in which order it goes. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostEvent } from '#events/host-event.ts';
import { type Reply, serve, type TestServer } from '../adapters/server.ts';

const AGENTS = fileURLToPath(new URL('../../agents/', import.meta.url));
const SEND = join(AGENTS, 'salvor-send');
const TOKEN = 'a"tok\\en';

const hasCurl = (): boolean => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(!hasCurl())('salvor-send', () => {
  let folder: string;
  let server: TestServer;
  let reply: Reply | (() => Promise<Reply>);
  const path = (name: string) => join(folder, name);
  const spooled = () => (existsSync(path('spool')) ? readdirSync(path('spool')) : []);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'salvor-send-'));
    reply = { status: 202, body: {} };
    server = await serve(() => (typeof reply === 'function' ? reply() : reply));
    writeFileSync(path('token'), `${TOKEN}\n`, { mode: 0o600 });
    configure();
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const configure = (...more: readonly string[]) =>
    writeFileSync(
      path('agent.conf'),
      [
        '# of the test',
        `url=${server.url}/`,
        `token_file=${path('token')}`,
        `spool=${path('spool')}`,
        ...more,
        '',
      ].join('\n'),
    );
  const send = (args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    new Promise((resolve) => {
      const options = { env: { ...process.env, ...env } };
      const child = execFile(SEND, ['--config', path('agent.conf'), ...args], options, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
      // What does not read its input may have ended already.
      child.stdin?.on('error', () => undefined).end(input);
    });
  const down = (host: string, ...more: readonly string[]) => send(['--type', 'host.down', '--host', host, ...more]);
  const hosts = () => server.requests.map(({ body }) => hostEvent.parse(JSON.parse(body)).data.host);

  it('sends an event, whatever its texts hold, with the token', async () => {
    const reason = 'it said "no\\way",\nthen nothing\u0007 äöü';
    expect(await down('compute-1', '--reason', reason)).toEqual({ status: 0, stdout: '', stderr: '' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v1/events' });
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/cloudevents+json',
    });
    expect(hostEvent.parse(JSON.parse(request?.body ?? ''))).toMatchObject({
      type: 'host.down',
      data: { host: 'compute-1', reason: 'it said "no\\way", then nothing  äöü' },
    });
    expect(spooled()).toEqual([]);
  });

  it.each([
    ['process.down', ['--process', 'nova-compute'], { process: 'nova-compute' }],
    [
      'instance.down',
      ['--instance', '2f9a6a0e-5b0d-4e63-9d0f-1f7f7c1e4b21'],
      { instanceId: '2f9a6a0e-5b0d-4e63-9d0f-1f7f7c1e4b21' },
    ],
    ['host.heartbeat', [], {}],
  ])('says %s as the contract wants it', async (type, args, data) => {
    await send(['--type', type, '--host', 'compute-1', '--id', 'my-id', '--time', '2026-11-21T12:00:00Z', ...args]);
    expect(hostEvent.parse(JSON.parse(server.requests[0]?.body ?? ''))).toMatchObject({
      type,
      id: 'my-id',
      time: '2026-11-21T12:00:00Z',
      data: { host: 'compute-1', ...data },
    });
  });

  it.each([
    ['too long', 'ä'.repeat(600) + 'a'.repeat(1200), 'a'.repeat(1000)],
    ['of Latin-1', '$(printf "gest\\366rt")', 'gestrt'],
  ])('keeps the ASCII of a reason that is %s: SQS takes UTF-8 only', async (_, reason, told) => {
    const command = `exec "$0" --config "$1" --type host.down --host compute-1 --reason "${reason}"`;
    await promisify(execFile)('sh', ['-c', command, SEND, path('agent.conf')]);
    expect(hostEvent.parse(JSON.parse(server.requests[0]?.body ?? '')).data.reason).toBe(told);
  });

  it('says of the host that its configuration names', async () => {
    configure('host=compute-9');
    await send(['--type', 'host.heartbeat']);
    expect(hosts()).toEqual(['compute-9']);
    expect((await send(['--own-host'])).stdout).toBe('compute-9\n');
  });

  it("hands a program's own words on as they are, with when they were seen", async () => {
    await send(['--webhook', 'consul?state=any'], '[\n{"Node":"compute-1"}\n]\n');
    expect(server.requests).toMatchObject([
      { path: '/v1/webhooks/consul?state=any', body: '[\n{"Node":"compute-1"}\n]\n' },
    ]);
    expect(server.requests[0]?.headers['salvor-seen-at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it.each([500, 503, 429, 401])(
    'keeps it while the answer is %i, and sends all in order when it is better',
    async (status) => {
      reply = { status };
      for (const host of ['compute-1', 'compute-2']) expect((await down(host)).status).toBe(0);
      expect(spooled()).toHaveLength(2);
      const tried = server.requests.length;
      reply = { status: 202, body: {} };
      await down('compute-3');
      expect(hosts().slice(tried)).toEqual(['compute-1', 'compute-2', 'compute-3']);
      expect(spooled()).toEqual([]);
    },
  );

  it('sends what was kept by --flush, and nothing else', async () => {
    reply = 'drop';
    await down('compute-1');
    reply = { status: 202, body: {} };
    const tried = server.requests.length;
    expect((await send(['--flush'])).status).toBe(0);
    expect(hosts().slice(tried)).toEqual(['compute-1']);
    expect((await send(['--flush'])).status).toBe(0);
    expect(server.requests).toHaveLength(tried + 1);
  });

  it.each([400, 403, 413])('drops what is refused for good with %i, and says so', async (status) => {
    reply = { status };
    expect((await down('compute-1')).stderr).toContain(`refused with ${status}`);
    expect(spooled()).toEqual([]);
  });

  it('does not keep its caller waiting when salvor does not answer', async () => {
    configure('timeout_seconds=1');
    reply = 'hang';
    for (const host of ['compute-1', 'compute-2']) expect((await down(host)).status).toBe(0);
    // One request each: there was no time left for a second one.
    expect(hosts()).toEqual(['compute-1', 'compute-1']);
    expect(spooled()).toHaveLength(2);
  });

  it('keeps so many and no more: the oldest go first', async () => {
    configure('spool_max=2');
    reply = { status: 503 };
    for (const host of ['compute-1', 'compute-2', 'compute-3']) await down(host);
    reply = { status: 202, body: {} };
    const tried = server.requests.length;
    await send(['--flush']);
    expect(hosts().slice(tried)).toEqual(['compute-2', 'compute-3']);
  });

  it('drops what nobody would believe any more', async () => {
    mkdirSync(path('spool'), { mode: 0o700 });
    const old = Math.floor(Date.now() / 1000) - 1000;
    writeFileSync(path('spool/1000000001'), `events ${old} 2026-11-21T12:00:00Z\n{"old":true}\n`);
    writeFileSync(path('spool/1000000002'), 'not of ours');
    expect((await send(['--flush'])).stderr).toContain('{"old":true}');
    expect(server.requests).toEqual([]);
    expect(spooled()).toEqual([]);
  });

  it('sends each once when many call at the same time', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `compute-${index}`);
    await Promise.all(names.map((name) => down(name)));
    await send(['--flush']);
    expect(hosts().sort()).toEqual(names);
    expect(spooled()).toEqual([]);
  });

  it.each([
    ['was killed', () => execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim(), 0, ['compute-1']],
    ['was killed long ago, and whose number another has', () => String(process.pid), 61, ['compute-1']],
    ['is at work', () => String(process.pid), 0, []],
  ])('leaves the sending to one that is at work, and to no other: one that %s', async (_, pid, ageSeconds, sent) => {
    mkdirSync(path('spool'), { mode: 0o700 });
    writeFileSync(path('spool/.lock'), `${pid()} ${Math.floor(Date.now() / 1000) - ageSeconds}\n`);
    expect((await down('compute-1')).status).toBe(0);
    expect(hosts()).toEqual(sent);
    expect(spooled().filter((name) => name !== '.lock')).toHaveLength(1 - sent.length);
  });

  it('sends now or never what is not worth keeping', async () => {
    reply = { status: 503 };
    expect((await down('compute-1', '--no-spool')).status).toBe(1);
    expect(spooled()).toEqual([]);
  });

  it.each([
    ['a token that others may read', () => chmodSync(path('token'), 0o640), ['--type', 'host.down']],
    ['a token that is not there', () => rmSync(path('token')), ['--type', 'host.down']],
    ['an unknown key', () => configure('tokn=x'), ['--type', 'host.down']],
    ['two places to send to', () => configure('queue_url=http://127.0.0.1/q'), ['--type', 'host.down']],
    ['a number that is none', () => configure('timeout_seconds=soon'), ['--type', 'host.down']],
    ['nothing to do', () => undefined, []],
    ['an unknown option', () => undefined, ['--typ', 'host.down']],
    ['an option without its value', () => undefined, ['--type']],
  ])('ends with 2 for %s, and sends nothing', async (_, prepare, args) => {
    prepare();
    expect((await send(args)).status).toBe(2);
    expect(server.requests).toEqual([]);
    expect(spooled()).toEqual([]);
  });

  it('shows no secret to others: not in its arguments, nor in what it keeps or complains of', async () => {
    const bin = path('bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'curl'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${path('arguments')}'\ncat >/dev/null\n`, {
      mode: 0o755,
    });
    const { stderr } = await send(['--type', 'host.down', '--host', 'c'], '', { PATH: `${bin}:${process.env.PATH}` });
    const all = execFileSync('sh', ['-c', 'cat "$1"/arguments "$1"/spool/*', 'sh', folder], { encoding: 'utf8' });
    expect(all).toContain('--config -');
    expect(`${all}${stderr}`).not.toContain('tok');
  });

  describe('straight to SQS', () => {
    const sqs = (...more: readonly string[]) =>
      writeFileSync(
        path('agent.conf'),
        [
          'queue_url=https://sqs.eu-central-1.amazonaws.com/111122223333/host-events',
          `sqs_endpoint=${server.url}`,
          'region=eu-central-1',
          `credentials_file=${path('credentials')}`,
          `spool=${path('spool')}`,
          ...more,
          '',
        ].join('\n'),
      );
    beforeEach(() => {
      sqs();
      const lines = [
        '[default]',
        'aws_access_key_id = AKIAEXAMPLE',
        'aws_secret_access_key = s/e+c',
        'aws_session_token=session',
      ];
      writeFileSync(path('credentials'), lines.join('\n'), { mode: 0o600 });
    });

    it('signs what it sends, and the message is the event', async () => {
      expect((await down('compute-1', '--reason', 'a "reason" \\')).status).toBe(0);
      const [request] = server.requests;
      expect(request?.headers).toMatchObject({
        'x-amz-target': 'AmazonSQS.SendMessage',
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-security-token': 'session',
      });
      expect(request?.headers.authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-central-1\/sqs\/aws4_request/,
      );
      const { QueueUrl, MessageBody } = JSON.parse(request?.body ?? '');
      expect(QueueUrl).toBe('https://sqs.eu-central-1.amazonaws.com/111122223333/host-events');
      expect(hostEvent.parse(JSON.parse(MessageBody)).data).toMatchObject({
        host: 'compute-1',
        reason: 'a "reason" \\',
      });
    });

    /** As SQS answers by its JSON protocol (API reference, "Common errors"). */
    const fault = (status: number, type: string) => ({
      status,
      body: { __type: `com.amazonaws.sqs#${type}`, message: 'of no use to a program' },
    });

    it.each([
      [403, 'ExpiredToken'],
      [400, 'ExpiredTokenException'],
      [403, 'InvalidClientTokenId'],
      [403, 'SignatureDoesNotMatch'],
      [403, 'AccessDeniedException'],
      [400, 'QueueDoesNotExist'],
      [400, 'ThrottlingException'],
      [503, 'ServiceUnavailable'],
    ])('keeps it while SQS answers %i %s: credentials, clocks and permissions are mended', async (status, type) => {
      reply = fault(status, type);
      const { status: ended, stderr } = await down('compute-1');
      expect(ended).toBe(0);
      expect(stderr).toContain(`${status}, com.amazonaws.sqs#${type}`);
      expect(spooled()).toHaveLength(1);
      const tried = server.requests.length;
      reply = { status: 200, body: { MessageId: '1' } };
      await down('compute-2');
      expect(server.requests).toHaveLength(tried + 2);
      expect(spooled()).toEqual([]);
    });

    it.each(['InvalidMessageContents', 'InvalidParameterValueException'])(
      'drops what SQS never takes: %s',
      async (type) => {
        reply = fault(400, type);
        expect((await down('compute-1')).stderr).toContain(`refused with com.amazonaws.sqs#${type}`);
        expect(spooled()).toEqual([]);
      },
    );

    it('sends now or never, and leaves nothing where others may write', async () => {
      mkdirSync(path('tmp'));
      const now = () => send(['--type', 'host.heartbeat', '--no-spool'], '', { TMPDIR: path('tmp') });
      expect((await now()).status).toBe(0);
      reply = fault(403, 'ExpiredToken');
      expect((await now()).status).toBe(1);
      expect(server.requests).toHaveLength(2);
      expect(readdirSync(path('tmp'))).toEqual([]);
    });

    it('takes no webhook: the queue holds events only', async () => {
      expect((await send(['--webhook', 'consul'], '[]')).status).toBe(2);
    });

    it('refuses credentials that others may read', async () => {
      chmodSync(path('credentials'), 0o644);
      expect((await down('compute-1')).status).toBe(2);
    });

    it.each([
      [
        'pacemaker-alert.sh',
        { CRM_alert_kind: 'node', CRM_alert_node: 'compute-1', CRM_alert_desc: 'lost' },
        [['host.down', 'compute-1']],
      ],
      [
        'pacemaker-alert.sh',
        { CRM_alert_kind: 'node', CRM_alert_node: 'compute-1', CRM_alert_desc: 'member' },
        [['host.up', 'compute-1']],
      ],
      ['pacemaker-alert.sh', { CRM_alert_kind: 'fencing', CRM_alert_node: 'compute-1', CRM_alert_rc: '0' }, []],
      [
        'nagios-handler.sh',
        { NAGIOS_HOSTNAME: 'compute-1', NAGIOS_HOSTSTATE: 'DOWN', NAGIOS_HOSTSTATETYPE: 'HARD' },
        [['host.down', 'compute-1']],
      ],
      [
        'nagios-handler.sh',
        { NAGIOS_HOSTNAME: 'compute-1', NAGIOS_HOSTSTATE: 'DOWN', NAGIOS_HOSTSTATETYPE: 'SOFT' },
        [],
      ],
      [
        'nagios-handler.sh',
        {
          NAGIOS_HOSTNAME: 'compute-1',
          NAGIOS_HOSTSTATE: 'DOWN',
          NAGIOS_HOSTSTATETYPE: 'HARD',
          NAGIOS_HOSTDOWNTIME: '1',
        },
        [],
      ],
      [
        'nagios-handler.sh',
        { NAGIOS_HOSTNAME: 'compute-1', NAGIOS_HOSTSTATE: 'UP', NAGIOS_HOSTSTATETYPE: 'HARD' },
        [['host.up', 'compute-1']],
      ],
    ])('says by %s of %j', async (script, env, says) => {
      await promisify(execFile)(join(AGENTS, script), {
        env: { ...process.env, ...env, SALVOR_CONFIG: path('agent.conf') },
      });
      const events = server.requests.map(({ body }) => hostEvent.parse(JSON.parse(JSON.parse(body).MessageBody)));
      expect(events.map(({ type, data }) => [type, data.host])).toEqual(says);
    });
  });
});
