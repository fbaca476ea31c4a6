/** What the help and docs/cli.md say of the commands is what they do. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { EXIT, UsageError } from '#cli/exit.ts';
import { commandsOf, MANUAL } from '#cli/manual/help.ts';
import { explain, paint } from '#cli/output.ts';
import { salvorProgram } from '#cli/program.ts';
import { STATE_FILE } from '#infra/embedded/state-dir.ts';
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeStore, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { runOthers } from '#test/support/recorded-others.ts';

/** A host that is said to be down, and held: Nova sees it up. */
async function recordHeld(folder: string, policy: Policy): Promise<void> {
  const store = openSqliteStore(join(folder, STATE_FILE), { now: () => 0 });
  const services = { ...fakeServices(policy), state: store as unknown as FakeStore };
  const pipeline = new Pipeline(services);
  await pipeline.start();
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up' }));
  pipeline.report();
  await pipeline.run(60);
  store.close();
}

/** Asked for by the shell, and by nobody else. */
const HIDDEN = 'complete';
const commands = commandsOf(salvorProgram()).filter(([words]) => words !== HIDDEN);
const hasJson = (command: Command) => command.options.some(({ long }) => long === '--json');

describe('every command', () => {
  it('has an entry with an example, and no entry is of none', () => {
    expect(commands.map(([words]) => words).sort()).toEqual(Object.keys(MANUAL).sort());
    for (const [words, { examples }] of Object.entries(MANUAL))
      expect([words, examples.length > 0]).toEqual([words, true]);
  });

  it.each(commands)('%s says in its help what it is for, with an example and the exit statuses', (words, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(command.description().length).toBeGreaterThan(10);
    expect(help).toContain(`Examples:\n  salvor ${words}`);
    expect(help).toMatch(/Exit status:\n {2}0 {2}\S.*\n {2}1 {2}\S.*\n {2}2 {2}\S/);
  });

  it('says of its JSON what is in it, if it has any', () => {
    const said = commands.filter(([words]) => MANUAL[words]?.json !== undefined).map(([words]) => words);
    expect(commands.filter(([, command]) => hasJson(command)).map(([words]) => words)).toEqual(said);
  });

  it('has JSON, unless it runs until it is stopped or prints what is for a program anyhow', () => {
    expect(
      commands
        .filter(([, command]) => !hasJson(command))
        .map(([words]) => words)
        .sort(),
    ).toEqual([
      ...['completion', 'fence-worker', 'gateway hbv2', 'gateway kdump', 'gateway key', 'policy show', 'practice'],
      ...['probe', 'schema', 'up'],
    ]);
  });
});

describe('an example', () => {
  const examples = Object.entries(MANUAL).flatMap(([words, { examples: all }]) =>
    all.map(([line]) => [line, words] as const),
  );

  it.each(examples)('salvor %s', async (line, words) => {
    const program = salvorProgram();
    const ran: string[] = [];
    for (const [own, command] of commandsOf(program)) command.action(() => void ran.push(own));
    const [call = ''] = line.split(/ [|>] /);
    const args = [...call.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    await program.parseAsync(args, { from: 'user' });
    expect(ran).toEqual([words]);
  });
});

describe('on a state folder', () => {
  let folder: string;
  const others = () => join(folder, 'others');
  const policyFile = () => join(folder, 'policy.yaml');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'salvor-manual-'));
    const policy = aPolicy({}, { graceSeconds: 30 });
    writeFileSync(policyFile(), stringify(policy));
    await recordHeld(folder, policy);
    mkdirSync(others());
    const store = openSqliteStore(join(others(), STATE_FILE), { now: () => 0 });
    await runOthers({ state: store as unknown as FakeStore });
    store.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = EXIT.well;
  });

  const ask = async (stateDir: string, ...args: readonly string[]) => {
    let printed = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    await salvorProgram().parseAsync(['--state-dir', stateDir, ...args], { from: 'user' });
    vi.restoreAllMocks();
    return { printed, status: process.exitCode ?? EXIT.well };
  };

  it.each([
    ['status', EXIT.person],
    ['incidents', EXIT.well],
    ['hosts', EXIT.well],
    ['segments', EXIT.well],
    ['reporters', EXIT.well],
    ['explain compute-1', EXIT.well],
    ['audit compute-1', EXIT.well],
    ['audit host compute-1', EXIT.well],
    ['audit operators', EXIT.well],
    ['audit verify', EXIT.well],
    ['replay compute-1', EXIT.well],
    ['watch --until-quiet', EXIT.well],
    ['instances', EXIT.well],
    ['processes', EXIT.well],
    ['doctor --policy {policy}', EXIT.person],
    ['policy check {policy}', EXIT.well],
    ['deploy --dry-run --policy {policy}', EXIT.well],
  ] as const)('%s --json has the keys that are said, and ends with %d', async (line, ends) => {
    const isOfOthers = ['instances', 'processes', 'watch --until-quiet'].includes(line);
    const args = line.replace('{policy}', policyFile()).split(' ');
    const { printed, status } = await ask(isOfOthers ? others() : folder, ...args, '--json');
    const words = commands.map(([each]) => each).filter((each) => `${line} `.startsWith(`${each} `));
    const { json } = MANUAL[words.sort((a, b) => b.length - a.length)[0] ?? ''] ?? {};
    const documents = json?.form === 'lines' ? printed.trim().split('\n').filter(Boolean) : [printed];
    const objects = documents.flatMap((text) => JSON.parse(text) as object | readonly object[]);
    expect(Array.isArray(JSON.parse(documents[0] ?? '[]'))).toBe(json?.form === 'rows' || documents.length === 0);
    for (const object of objects)
      expect(Object.keys(json?.keys ?? {})).toEqual(expect.arrayContaining(Object.keys(object)));
    expect({ status }).toEqual({ status: ends });
  });

  it('status says in words that it needs a person', async () => {
    const { printed, status } = await ask(folder, 'status');
    expect(printed).toMatch(/\nNEEDS YOU\n {2}compute-1: said to be down, and held by/);
    expect(status).toBe(EXIT.person);
  });

  it('Tab offers its hosts and incidents', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await salvorProgram().parseAsync(['complete', '--', '--state-dir', folder, 'explain', 'comp'], { from: 'user' });
    expect(log.mock.calls.map(([line]) => line)).toContain('compute-1\thost');
  });
});

describe('a deployed stack', () => {
  /** What reads or writes state: `policy devices` does so only for fence workers, `notify test` never, and `audit checkpoint` reads its key first. */
  const speaking = commands.filter(
    ([words, command]) =>
      hasJson(command) &&
      !/^(drill|deploy|token|import|policy|simulate|completion)/.test(words) &&
      !['audit checkpoint', 'notify test'].includes(words),
  );
  const given = (command: Command): readonly string[] => [
    ...command.registeredArguments.filter(({ required }) => required).map(() => 'compute-1'),
    ...command.options.flatMap(({ long, mandatory }) => (mandatory ? [long ?? '', 'x'] : [])),
  ];

  it.each(speaking)('%s goes to its tables, and not to the state folder', async (words, command) => {
    const policy = join(mkdtempSync(join(tmpdir(), 'salvor-manual-')), 'policy.yaml');
    writeFileSync(policy, stringify(aPolicy()));
    const files = command.options.some(({ long }) => long === '--policy') ? ['--policy', policy] : [];
    const what = words === 'what-if' ? ['--host', 'compute-1'] : [];
    const args = ['--state-table', 'state', ...words.split(' '), ...given(command), ...files, ...what];
    const asked = salvorProgram().parseAsync(args, { from: 'user' });
    await expect(asked).rejects.toThrow(
      new UsageError('both --state-table and --audit-table are needed: the outputs of the stack name them'),
    );
  });
});

it('colours are for terminals, and NO_COLOR is respected', () => {
  const { getColorDepth } = WriteStream.prototype;
  const streamOf = (of: object) => Object.assign(new Writable(), of) as unknown as WriteStream;
  const terminal = streamOf({ isTTY: true, getColorDepth });
  // Node takes the terminal of a CI that it does not know for one without colours.
  vi.stubEnv('CI', undefined);
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('TERM', 'xterm-256color');
  expect(paint('red', 'down', terminal)).toBe('\u001b[31mdown\u001b[39m');
  expect(paint('red', 'down', streamOf({ isTTY: false }))).toBe('down');
  vi.stubEnv('NO_COLOR', '1');
  expect(paint('red', 'down', terminal)).toBe('down');
  vi.unstubAllEnvs();
});

it('a port that is taken is told without a trace', async () => {
  const { port } = await new Promise<AddressInfo>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo));
    server.unref();
  });
  const taken = await new Promise<Error>((resolve) => createServer().listen(port, '127.0.0.1').once('error', resolve));
  expect(explain(taken)).toBe(
    `listen EADDRINUSE: address already in use 127.0.0.1:${port}: another program has this port; choose another one`,
  );
});
