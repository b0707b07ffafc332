import { onTestFinished } from "vitest";
import type { OutgoingVoice } from "../../src/model/connector.ts";
import type { EventId } from "../../src/model/ids.ts";
import { HandOver } from "../../src/service/relay/hand-over.ts";
import { receiveForService } from "../../src/service/room/receiving.ts";
import { receiving } from "./receiving.ts";
import { ROOM } from "./store.ts";

type Deliver = (voice: OutgoingVoice, signal: AbortSignal) => Promise<void>;

/** Receivers of {@link ROOM}, by name. */
export const toEach = (receivers: Record<string, Deliver>) =>
  Object.entries(receivers).map(([name, deliver]) => ({
    ...{ key: `${ROOM} > ${name}`, roomId: () => ROOM, to: { connector: { deliver } } },
  }));

/** A receiver that does as it is told, each time anew. */
export class Told {
  /** Begun, in order. */
  readonly begun: EventId[] = [];
  readonly had: EventId[] = [];
  /** Not before it is told may it go on. */
  turn: Promise<unknown> = Promise.resolve();
  /** It does not hear that the service stops. */
  isDeaf = false;
  /** Thrown by the next deliveries, one each. */
  readonly refusals: Error[] = [];

  readonly deliver: Deliver = async ({ eventId }, signal) => {
    this.begun.push(eventId);
    const stopped = Promise.withResolvers<never>();
    if (!this.isDeaf) signal.addEventListener("abort", () => stopped.reject(signal.reason));
    await Promise.race([this.turn, stopped.promise]);
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    this.had.push(eventId);
  };
}

/** The service's part that receives, in a process that has just begun; `kill` is its end. */
export async function handing(
  receivers: Record<string, Deliver>,
  setup: Parameters<typeof receiving>[0] = {},
) {
  const { arrive, account, ...rest } = await receiving(setup);
  const stopping = new AbortController();
  const settled: EventId[] = [];
  const refused: EventId[] = [];
  const handOver = new HandOver(
    account,
    {
      handed: ({ eventId }) => void settled.push(eventId),
      refused: ({ eventId }) => void refused.push(eventId),
    },
    stopping.signal,
  );
  handOver.join(toEach(receivers));
  const commands = { mayAsk: () => false, hear: async () => undefined };
  const received = receiveForService(account, { handOver, commands, stopping: stopping.signal });
  const stop = async () => {
    stopping.abort(new Error("the service stops"));
    await Promise.all([received, handOver.ended()]);
  };
  onTestFinished(stop);
  return {
    ...{ ...rest, account, handOver, settled, refused, stop },
    arrive(...eventIds: EventId[]) {
      for (const eventId of eventIds) arrive(eventId);
      account.sync.wake();
    },
    inbox: () => [...rest.store.inbox.waiting()].map(({ event }) => event.event_id),
  };
}
