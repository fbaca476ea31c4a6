import { startSimulatedCloud } from '#sim/cloud.ts';
import { defineCloudAccessContract } from './cloud-access.ts';

defineCloudAccessContract('the simulated Keystone', async () => {
  const sim = await startSimulatedCloud({ hosts: 1 });
  const { username: user, projectName: project, password } = sim.credentials.admin;
  return { authUrl: sim.authUrl, account: { user, project, password }, close: () => sim.stop() };
});
