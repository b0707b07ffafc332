import { describe, expect, it } from "vitest";
import { type Machine, wasm } from "../../src/crypto/engine.ts";
import { RequestPump, type RoomSender } from "../../src/crypto/requests.ts";
import type { KeyRequest, KeyServer } from "../../src/model/ports.ts";

type Outgoing = Awaited<ReturnType<Machine["outgoingRequests"]>>[number];

const request = (id: string, type = wasm.RequestType.KeysQuery, more = {}): Outgoing =>
  ({ id, type, body: `{"of":"${id}"}`, ...more }) as unknown as Outgoing;

/** A fault injector in the engine's place: it has the given rounds of requests waiting, then nothing. */
function pumpFor(
  rounds: () => Outgoing[],
  answer: (request: KeyRequest) => string = () => "{}",
  sendToRoom?: RoomSender,
) {
  const [sent, marked]: [KeyRequest[], string[]] = [[], []];
  const machine = {
    outgoingRequests: async () => rounds(),
    markRequestAsSent: async (id: string, type: number, body: string) =>
      void marked.push(`${id} ${type} ${body}`),
  } as unknown as Machine;
  const keyServer: KeyServer = {
    async send(request) {
      sent.push(request);
      return answer(request);
    },
  };
  return { pump: new RequestPump(machine, keyServer, sendToRoom && { sendToRoom }), sent, marked };
}

describe("draining", () => {
  it("sends round after round until the engine has nothing more, and hands it each answer", async () => {
    const rounds = [[request("one"), request("two", wasm.RequestType.KeysUpload)], [request("three")]];
    const { pump, sent, marked } = pumpFor(
      () => rounds.shift() ?? [],
      ({ id }) => `{"to":"${id}"}`,
    );
    await pump.drain();
    expect(sent).toEqual([
      { id: "one", kind: "keys-query", body: '{"of":"one"}' },
      { id: "two", kind: "keys-upload", body: '{"of":"two"}' },
      { id: "three", kind: "keys-query", body: '{"of":"three"}' },
    ]);
    expect(marked).toEqual([
      `one ${wasm.RequestType.KeysQuery} {"to":"one"}`,
      `two ${wasm.RequestType.KeysUpload} {"to":"two"}`,
      `three ${wasm.RequestType.KeysQuery} {"to":"three"}`,
    ]);
  });

  it("ends with the first failure, and tells the engine of no answer that did not come", async () => {
    const { pump, marked, sent } = pumpFor(
      () => [request("one"), request("two")],
      () => {
        throw new Error("connection refused");
      },
    );
    await expect(pump.drain()).rejects.toThrow("connection refused");
    expect(sent).toHaveLength(1);
    expect(marked).toEqual([]);
  });

  it("twice at a time sends nothing twice", async () => {
    let waiting = [request("one")];
    const { pump, sent } = pumpFor(
      () => waiting,
      () => {
        waiting = [];
        return "{}";
      },
    );
    await Promise.all([pump.drain(), pump.drain()]);
    expect(sent).toHaveLength(1);
  });

  it("does not ask for ever where the answers never satisfy the engine", async () => {
    const { pump } = pumpFor(
      () => [request("again")],
      () => {
        asked += 1;
        if (asked > 1_000) throw new Error("asked a thousand times");
        return '{"device_keys":{}}';
      },
    );
    let asked = 0;
    await expect(pump.drain()).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
  });
});

describe("a request", () => {
  it("to devices keeps its event type and transaction ID", async () => {
    const more = { event_type: "m.room.encrypted", txn_id: "txn" };
    const { pump, sent } = pumpFor(() => []);
    await pump.send(request("one", wasm.RequestType.ToDevice, more));
    expect(sent).toMatchObject([{ kind: "to-device", eventType: "m.room.encrypted", txnId: "txn" }]);
  });

  it("that Sotto does not know is refused, not dropped", async () => {
    const { pump, sent } = pumpFor(() => [request("one", 99 as wasm.RequestType)]);
    await expect(pump.drain()).rejects.toThrow("does not send");
    expect(sent).toEqual([]);
  });
});

describe("an event of a verification for a room", () => {
  const event = (id: string) =>
    request(id, wasm.RequestType.RoomMessage, { room_id: "!room", txn_id: id, event_type: "m.key" });

  it("goes to who encrypts and never to the homeserver as it is; nobody waits for it but who wants to", async () => {
    const gate = Promise.withResolvers<string>();
    const encrypted: string[] = [];
    let waiting = [event("one")];
    const { pump, sent, marked } = pumpFor(
      () => waiting,
      () => "{}",
      (...told) => {
        encrypted.push(told.join(" "));
        return gate.promise;
      },
    );
    await pump.drain();
    await pump.drain(); // the engine names it until it is marked
    expect([encrypted, sent, marked]).toEqual([['!room one m.key {"of":"one"}'], [], []]);
    waiting = [];
    gate.resolve('{"event_id":"$one"}');
    await pump.drainRooms();
    expect(marked).toEqual([`one ${wasm.RequestType.RoomMessage} {"event_id":"$one"}`]);
  });

  it("that cannot be sent is told to who waits, and tried again", async () => {
    let tries = 0;
    let waiting = [event("one")];
    const { pump, marked } = pumpFor(
      () => waiting,
      () => "{}",
      async () => {
        tries += 1;
        if (tries === 1) throw new Error("not in the room");
        waiting = [];
        return "{}";
      },
    );
    await expect(pump.drainRooms()).rejects.toThrow("not in the room");
    expect(marked).toEqual([]);
    await pump.drainRooms();
    expect(marked).toHaveLength(1);
  });
});
