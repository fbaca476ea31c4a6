import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { SCHEDULES } from '#events/catalog.ts';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '#infra/embedded/runtime.ts';
import { isLocked } from '#shared/adapters/sqlite/database.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { hostDown, outsideServices, recordedLog } from './stubs.ts';
import { afterwards, newFolder, PATIENCE, sendTexts } from './support.ts';

const HOST_KEY = 'default/RegionOne/00000000-0000-4000-8000-000000000001';

async function start(options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const embedded = await startEmbedded({ port: 0, services: outsideServices(recordedLog()), ...options });
  afterwards(() => embedded.stop());
  return embedded;
}

const report = ({ client, queueUrls }: Embedded, host: string): Promise<void> =>
  sendTexts(client, queueUrls['host-events'], [JSON.stringify(hostDown(host))]);
const incidentOf = async ({ state }: Embedded) => (await loadHost(state, HOST_KEY))?.value.incident;

describe('the pipeline in one process', () => {
  test('knows the inventory when it has started', async () => {
    const { state } = await start();
    expect(await loadInventory(state, 'default', 'RegionOne')).toHaveLength(4);
  });

  test('opens an incident for a reported host, and sets its timer', async () => {
    const embedded = await start();
    await report(embedded, 'compute-1');
    await expect.poll(() => incidentOf(embedded), PATIENCE).toMatchObject({ status: 'suspected' });
    await expect.poll(() => embedded.depths()['confirm-host-down'].delayed, PATIENCE).toBe(1);
  });

  test("runs other functions in place of the catalogue's, with other services", async () => {
    const seen: string[] = [];
    const embedded = await start({
      wrap: (services) => ({ ...services, log: { ...services.log, info: (message) => void seen.push(message) } }),
      functions: {
        'receive-host-event': {
          queue: 'host-events',
          handle: async ({ log }, records) => {
            for (const { body } of records) log.info(body);
            return [];
          },
        },
      },
    });
    await sendTexts(embedded.client, embedded.queueUrls['host-events'], ['to the other function']);
    await expect.poll(() => seen, PATIENCE).toContain('to the other function');
  });

  test('keeps the beat of the schedules, and a failing run does not end it', async () => {
    const log = recordedLog();
    const mirror = vi.fn(async () => 0);
    mirror.mockResolvedValueOnce(0).mockRejectedValueOnce(new RetryableError('Nova is away'));
    const schedules = { ...SCHEDULES, 'mirror-inventory': { ...SCHEDULES['mirror-inventory'], everySeconds: 0.05 } };
    await start({ services: outsideServices(log), functions: { 'mirror-inventory': mirror }, schedules });
    await expect.poll(() => mirror.mock.calls.length, PATIENCE).toBeGreaterThan(3);
    expect(log.lines).toContainEqual({
      level: 'error',
      message: 'a scheduled function failed',
      fields: { function: 'mirror-inventory', error: 'Nova is away' },
    });
  });
});

describe('a start', () => {
  test('fails when the inventory cannot be read, and leaves nothing open', async () => {
    const stateDir = newFolder();
    const away = { 'mirror-inventory': () => Promise.reject(new RetryableError('Nova is away')) };
    await expect(start({ stateDir, functions: away })).rejects.toThrow('Nova is away');
    await start({ stateDir });
  });

  test('fails when another salvor has the folder', async () => {
    const stateDir = newFolder();
    await start({ stateDir });
    await expect(start({ stateDir })).rejects.toThrow(PermanentError);
  });

  test('finds the state of before, and sends again what is open, though it is not yet due', async () => {
    const stateDir = newFolder();
    const lost = await start({
      stateDir,
      wrap: (services) => ({ ...services, outbox: { send: async () => {} } }),
    });
    await report(lost, 'compute-1');
    await expect.poll(() => incidentOf(lost), PATIENCE).toMatchObject({ status: 'suspected' });
    await lost.stop();
    expect(lost.depths()['confirm-host-down'].delayed).toBe(0);
    const embedded = await start({ stateDir });
    expect(embedded.depths()['confirm-host-down'].delayed).toBe(1);
    expect(await incidentOf(embedded)).toMatchObject({ status: 'suspected' });
  });
});

describe('the endpoint of a folder', () => {
  const endpointIn = (stateDir: string) => join(stateDir, 'endpoint');

  test('is told while the pipeline runs, and no longer', async () => {
    const stateDir = newFolder();
    const embedded = await start({ stateDir });
    expect(readFileSync(endpointIn(stateDir), 'utf8')).toBe(`${embedded.endpoint}\n`);
    expect(isLocked(join(stateDir, 'state.sqlite'))).toBe(true);
    await embedded.stop();
    expect(existsSync(endpointIn(stateDir))).toBe(false);
    expect(isLocked(join(stateDir, 'state.sqlite'))).toBe(false);
  });

  test('of a salvor that was killed is forgotten by the next, before it listens', async () => {
    const stateDir = newFolder();
    writeFileSync(endpointIn(stateDir), 'http://127.0.0.1:1\n');
    const away = { 'mirror-inventory': () => Promise.reject(new RetryableError('Nova is away')) };
    await expect(start({ stateDir, functions: away })).rejects.toThrow('Nova is away');
    expect(existsSync(endpointIn(stateDir))).toBe(false);
  });

  test('is not taken away by a second salvor that may not start', async () => {
    const stateDir = newFolder();
    await start({ stateDir });
    await expect(start({ stateDir })).rejects.toThrow(PermanentError);
    expect(existsSync(endpointIn(stateDir))).toBe(true);
  });
});

describe('a stop', () => {
  test('is quick while nothing runs, may be asked for twice, and frees the folder and the port', async () => {
    const stateDir = newFolder();
    const first = await start({ stateDir });
    await Promise.all([first.stop(), first.stop()]);
    const second = await start({ stateDir, port: Number(new URL(first.endpoint).port) });
    expect(second.endpoint).toBe(first.endpoint);
  });

  test('lets a running function end and send what it has to', async () => {
    const stateDir = newFolder();
    const running = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const embedded = await start({
      stateDir,
      wrap: (services) => ({
        ...services,
        state: {
          ...services.state,
          transact: async (writes) => {
            if (writes.some(({ partition }) => partition === `host#${HOST_KEY}`)) {
              entered.resolve();
              await running.promise;
            }
            await services.state.transact(writes);
          },
        },
      }),
    });
    await report(embedded, 'compute-1');
    await entered.promise;
    const stopped = embedded.stop();
    running.resolve();
    await stopped;
    const noSweep = await start({ stateDir, functions: { sweep: async () => 0 } });
    expect(await incidentOf(noSweep)).toMatchObject({ status: 'suspected' });
    expect(noSweep.depths()).toMatchObject({ 'host-events': { visible: 0 }, 'confirm-host-down': { delayed: 1 } });
  });
});
