import { countingDownClaims } from '../reports.ts';
import type { Evidence } from './evidence.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

export function reportersGate({ claims, atMs }: Evidence, { segment }: Rules): GateResult {
  const { required, claimTtlSeconds } = segment.reporters;
  const down = countingDownClaims(claims, claimTtlSeconds, atMs);
  return gate(
    'reporters',
    down.length >= required,
    `${down.length} of ${required} needed say down: ${down.join(', ') || 'nobody'}`,
  );
}

export function novaGate({ service }: Evidence, { segment }: Rules): GateResult {
  const state = service === null ? 'unknown' : service.forcedDown ? 'forced down' : service.state;
  const open = !segment.requireNovaDown || state === 'down' || state === 'forced down';
  return gate(
    'nova-sees-it-down',
    open,
    `Nova sees the service ${state}; asked for: ${segment.requireNovaDown ? 'down' : 'nothing'}`,
  );
}
