import { startSimulatedCloud } from '#sim/cloud.ts';
import type { PasswordCredentials } from '#sim/controls.ts';
import { defineKeystoneTokensContract } from './keystone-tokens.ts';

defineKeystoneTokensContract('the simulated Keystone', async () => {
  const sim = await startSimulatedCloud({ hosts: 1 });
  const accountOf = ({ username: user, projectName: project, password }: PasswordCredentials) => ({
    user,
    project,
    password,
  });
  const { admin, member } = sim.credentials;
  const [checker, plain] = [accountOf(admin), accountOf(member)];
  return { authUrl: sim.authUrl, checker, member: plain, systemAdmin: checker, close: () => sim.stop() };
});
