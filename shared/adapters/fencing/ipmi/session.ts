import type { Channel } from './channel.ts';
import { closeSession } from './commands.ts';
import { decodeResponse, encodeRequest, type IpmiRequest, type IpmiResponse } from './message.ts';
import { failed, ok, type Result } from './result.ts';
import { open, seal } from './rmcp-plus.ts';
import type { Agreed } from './setup.ts';

export interface Session {
  /** The response, whatever its completion code. */
  ask(request: IpmiRequest): Promise<Result<IpmiResponse>>;
  /** As `ask`, but sent once only: for what has an effect. */
  askOnce(request: IpmiRequest): Promise<Result<IpmiResponse>>;
  /** Gives the BMC its place for a session back; it has few. */
  close(): Promise<void>;
}

const CLOSE_WAIT_MS = 500;

/** The commands of one session, one after the other. @param deadlineMs of `performance.now()` */
export function sessionOn(channel: Channel, agreed: Agreed, deadlineMs: number): Session {
  const { consoleSession, bmcSession } = agreed;
  let sent = 0;
  let heard = -1;
  let requests = 0;

  // A repeated request has a session sequence number of its own as well: a BMC drops the numbers it has seen.
  const packet = (message: Buffer): Buffer => {
    sent += 1;
    return seal(agreed, bmcSession, sent, message);
  };

  async function ask(request: IpmiRequest, repeat: boolean, untilMs: number): Promise<Result<IpmiResponse>> {
    requests = (requests + 1) & 0x3f;
    const sequence = requests;
    const message = encodeRequest(request, sequence);
    const answer = await channel.exchange({
      datagram: () => packet(message),
      answer: (datagram) => {
        const opened = open(agreed, consoleSession, datagram);
        if (opened === undefined || opened.sequence <= heard) return undefined;
        heard = opened.sequence;
        return decodeResponse(opened.payload, request, sequence);
      },
      repeat,
      deadlineMs: untilMs,
    });
    return answer.kind === 'silence' ? failed(`${request.name}: ${answer.detail}`) : ok(answer.value);
  }

  return {
    ask: (request) => ask(request, true, deadlineMs),
    askOnce: (request) => ask(request, false, deadlineMs),
    close: async () => {
      const untilMs = Math.min(deadlineMs, performance.now() + CLOSE_WAIT_MS);
      const heardOf = await ask(closeSession(bmcSession), false, untilMs);
      if (heardOf.kind !== 'ok') channel.send(packet(encodeRequest(closeSession(bmcSession), requests)));
    },
  };
}
