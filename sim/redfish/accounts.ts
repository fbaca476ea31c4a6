import type { Context, Hono } from 'hono';
import type { World } from '../world/world.ts';
import { type BmcCredentials, extendedError, type RedfishEnv } from './parts.ts';

const SERVICE = '/redfish/v1/AccountService';

/** Two accounts, as boards have several: that of somebody else comes first (DSP0268, AccountService and ManagerAccount). */
export function accountRoutes(api: Hono<RedfishEnv>, prefix: string, world: World, { username }: BmcCredentials): void {
  const link = (path: string): object => ({ '@odata.id': path });
  const told = (c: Context<RedfishEnv>) => world.faults.take('bmc-account', { host: c.get('device')?.named.name });
  const accounts: Readonly<Record<string, string>> = { '1': 'root', '2': username };

  api.get(`${prefix}/v1/AccountService`, (c) =>
    c.json({
      '@odata.id': SERVICE,
      '@odata.type': '#AccountService.v1_7_0.AccountService',
      Id: 'AccountService',
      Name: 'Account Service',
      Accounts: link(`${SERVICE}/Accounts`),
    }),
  );

  api.get(`${prefix}/v1/AccountService/Accounts`, (c) =>
    c.json({
      '@odata.id': `${SERVICE}/Accounts`,
      '@odata.type': '#ManagerAccountCollection.ManagerAccountCollection',
      Name: 'Accounts Collection',
      Members: Object.keys(accounts).map((id) => link(`${SERVICE}/Accounts/${id}`)),
    }),
  );

  api.get(`${prefix}/v1/AccountService/Accounts/:id`, (c) => {
    const id = c.req.param('id');
    const name = accounts[id];
    if (name === undefined) return c.notFound();
    const fault = told(c);
    if (fault?.hidden === true)
      return extendedError(c, 403, 'Base.1.5.InsufficientPrivilege', 'There are insufficient privileges.');
    return c.json({
      '@odata.id': `${SERVICE}/Accounts/${id}`,
      '@odata.type': '#ManagerAccount.v1_8_0.ManagerAccount',
      Id: id,
      Name: 'User Account',
      UserName: name,
      RoleId: 'Operator',
      Enabled: true,
      Locked: false,
      PasswordChangeRequired: false,
      PasswordExpiration: null,
      AccountExpiration: null,
      ...(name === username ? fault?.body : {}),
    });
  });
}

/** DSP0266, "Password change required handling": nothing but the account itself is answered. */
export function passwordChange(c: Context<RedfishEnv>, world: World): Response | undefined {
  const isOpen = /\/redfish(\/v1)?\/?$|\/Sessions(\/[^/]+)?$|\/Accounts\/[^/]+$/.test(c.req.path);
  const host = c.get('device')?.named.name;
  if (isOpen || world.faults.take('bmc-password-change', { host }) === undefined) return undefined;
  return extendedError(
    c,
    403,
    'Base.1.5.PasswordChangeRequired',
    'The password provided for this account must be changed.',
  );
}
