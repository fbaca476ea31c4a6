import { PermanentError } from '#shared/errors.ts';
import type { BareMetal, FenceDevice, Fencing, Secrets } from '#shared/ports.ts';
import { agentWithoutWorker } from './agent.ts';
import { addressIn, boundsIn, type ConfigOf, fieldsIn, tlsIn } from './config.ts';
import { ipmiFromPolicy } from './ipmi/from-policy.ts';
import { ironicDevice } from './ironic/device.ts';
import { standaloneIronic } from './ironic/standalone.ts';
import { metal3Device } from './metal3/device.ts';
import { redfishDevice } from './redfish/device.ts';
import { webhookDevice } from './webhook/device.ts';
import { keysIn } from './webhook/keys.ts';

export interface FencingOptions {
  readonly secrets: Secrets;
  /** For the User-Agent header. */
  readonly version: string;
  /** The Ironic of the cloud; without it, one has to be named by its url. */
  readonly bareMetal?: BareMetal;
}

/** Every driver by its name in the policy. A new one is a case and a function here, a room of its own, and the contract suite. */
const DRIVERS = ['redfish', 'ipmi', 'ironic', 'metal3', 'webhook', 'agent'] as const;

export function fencing(options: FencingOptions): Fencing {
  return {
    device: async (config) => {
      switch (config.driver) {
        case 'redfish':
          return redfish(config, options);
        case 'ipmi':
          return ipmiFromPolicy(config, options.secrets);
        case 'ironic':
          return ironic(config, options);
        case 'metal3':
          return metal3(config, options);
        case 'webhook':
          return webhook(config, options);
        case 'agent':
          return agentWithoutWorker(config);
        default:
          throw unknownDriver(config);
      }
    },
  };
}

/** A policy that was checked has none; a deployed one may be newer than the functions. */
const unknownDriver = ({ driver }: { readonly driver: string }) =>
  new PermanentError(`fence driver ${driver} is unknown; there is ${DRIVERS.join(', ')}`);

async function redfish(config: ConfigOf<'redfish'>, { secrets, version }: FencingOptions): Promise<FenceDevice> {
  const url = addressIn(config.url, config);
  const { username, password } = await fieldsIn(secrets, config.credentials, ['username', 'password']);
  const auth = config.auth === undefined ? {} : { auth: config.auth };
  return redfishDevice({ url, username, password, version, tls: await tlsIn(config), ...auth, ...boundsIn(config) });
}

async function ironic(config: ConfigOf<'ironic'>, options: FencingOptions): Promise<FenceDevice> {
  const bareMetal = await bareMetalOf(config, options);
  return ironicDevice({ bareMetal, node: config.node, ...boundsIn(config) });
}

async function bareMetalOf(config: ConfigOf<'ironic'>, options: FencingOptions): Promise<BareMetal> {
  const { secrets, version } = options;
  if (config.url === undefined || config.credentials === undefined) {
    if (options.bareMetal === undefined)
      throw new PermanentError('there is no cloud whose Ironic this could be: name one by url and credentials');
    return options.bareMetal;
  }
  const url = addressIn(config.url, config);
  const { username, password } = await fieldsIn(secrets, config.credentials, ['username', 'password']);
  return standaloneIronic({ url, username, password, version, tls: await tlsIn(config) });
}

async function metal3(config: ConfigOf<'metal3'>, { secrets, version }: FencingOptions): Promise<FenceDevice> {
  const url = addressIn(config.url, config);
  const { token } = await fieldsIn(secrets, config.credentials, ['token']);
  const { namespace, bareMetalHost: name } = config;
  return metal3Device({ url, token, namespace, name, version, tls: await tlsIn(config), ...boundsIn(config) });
}

async function webhook(config: ConfigOf<'webhook'>, { secrets, version }: FencingOptions): Promise<FenceDevice> {
  const url = addressIn(config.url, config);
  const keys = await keysIn(secrets, config.credentials);
  return webhookDevice({ url, host: config.host, keys, version, tls: await tlsIn(config), ...boundsIn(config) });
}
