import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { wasm } from "../../src/crypto/engine.ts";
import type { Alarm } from "../../src/crypto/patience.ts";
import { RequestPump } from "../../src/crypto/requests.ts";
import type { Verification } from "../../src/crypto/verification.ts";
import { type InRoomEvent, Verifications } from "../../src/crypto/verifications.ts";
import type { KeyExchange } from "./key-exchange.ts";

/** A clock that goes when it is told to. */
export class FakeAlarm implements Alarm {
  #ms = Date.now();
  readonly #calls = new Map<() => void, number>();
  readonly now = (): number => this.#ms;

  after(ms: number, call: () => void): () => void {
    this.#calls.set(call, this.#ms + ms);
    return () => this.#calls.delete(call);
  }

  advance(ms: number): void {
    this.#ms += ms;
    for (const [call, atMs] of this.#calls) {
      if (atMs > this.#ms) continue;
      this.#calls.delete(call);
      call();
    }
  }
}

export const ROOM = "!room:example.org";

/** One side of verifications: a real engine, and a room whose events a test hands over. */
export interface Verifier {
  userId: string;
  verifications: Verifications;
  /** What this side has sent into the room; a test takes it out. */
  sent: InRoomEvent[];
  offered: Verification[];
}

export async function newVerifier(userId: string, exchange: KeyExchange, alarm: Alarm): Promise<Verifier> {
  // in memory: what is kept on a disk is not what is looked at here
  const machine = await wasm.OlmMachine.initialize(new wasm.UserId(userId), new wasm.DeviceId("DEVICE"));
  onTestFinished(() => machine.close());
  const sent: InRoomEvent[] = [];
  const say = (type: string, content: Record<string, unknown>): string => {
    const eventId = `$${randomUUID()}`;
    sent.push({ roomId: ROOM, eventId, sender: userId, originServerTs: alarm.now(), type, content });
    return eventId;
  };
  const pump = new RequestPump(machine, exchange.serverFor(userId), {
    sendToRoom: async (_roomId, _txnId, type, content) =>
      JSON.stringify({ event_id: say(type, JSON.parse(content)) }),
  });
  const sendRequest = async (_roomId: string, content: Record<string, unknown>) =>
    say("m.room.message", content);
  const verifications = new Verifications({ machine, pump, alarm, sendRequest });
  const offered: Verification[] = [];
  verifications.onRequest((verification) => offered.push(verification));
  await pump.drain();
  const { uploadSigningKeysRequest, uploadSignaturesRequest } = await machine.bootstrapCrossSigning(false);
  exchange.publishIdentity(userId, uploadSigningKeysRequest.body);
  await pump.send(uploadSignaturesRequest);
  return { userId, verifications, sent, offered };
}

/** Hands over what each has sent to the other, until both are silent. */
export async function exchangeAll(...sides: Verifier[]): Promise<void> {
  while (sides.some(({ sent }) => sent.length > 0)) {
    for (const side of sides) {
      for (const event of side.sent.splice(0)) {
        for (const other of sides) if (other !== side) await other.verifications.receive(event);
      }
    }
  }
}
