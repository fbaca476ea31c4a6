/**
 * undici has no map of exports, and its index loads fetch, WebSocket, caches and mocks as well. With the agent alone a
 * minified bundle has 455 kB in place of 715 kB, and loads in 28 ms in place of 53 ms.
 */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}

declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}
