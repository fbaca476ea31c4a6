/** No agent at all: salvor looks at a real Nova, misses a compute host that was killed, and brings its instances back. */
import { expect, it } from 'vitest';
import { readAudit } from '#shared/state/read-audit.ts';
import { rigPolicy, startRigPipeline } from './pipeline.ts';
import { boot, waitForServer } from './servers.ts';
import { describeOnRig } from './suite.ts';

const host = 'compute-4';

describeOnRig('a cloud without agents', (bench) => {
  it('misses a killed nova-compute, and recovers its instances', async () => {
    const { rig, admin, base } = bench();
    const ids = await boot(admin, base, { count: 2, host });
    const policy = rigPolicy(rig, { reporters: { required: 1 } });
    const pipeline = await startRigPipeline(rig, {
      ...policy,
      watch: { everySeconds: 1, nova: true, staleSeconds: 10 },
    });
    try {
      await rig.killCompute(host);
      const incident = await pipeline.closed();
      expect(incident).toMatchObject({
        host,
        outcome: 'recovered',
        counts: { recovered: 2 },
      });
      for (const id of ids) {
        const server = await waitForServer(admin, id, ({ status }) => status === 'ACTIVE');
        expect(server.host).not.toBe(host);
      }
      const { streams } = await readAudit(pipeline.embedded.state, policy.cloud);
      const said = [...streams.values()].flatMap(({ records }) => records).map(({ fact }) => fact);
      expect(said.find(({ type }) => type === 'reported')).toMatchObject({
        reporter: 'nova',
        source: '/salvor/watch-hosts',
        says: 'down',
      });
      // Other suites make guests run twice on purpose.
      const twice = (await rig.ledger()).filter(({ what, serverId }) => what === 'DOUBLE' && ids.includes(serverId));
      expect(twice).toEqual([]);
    } finally {
      await pipeline.stop();
    }
  });
});
