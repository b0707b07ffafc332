import { describe, expect, it } from "vitest";
import { type Machine, wasm } from "../../src/crypto/engine.ts";
import { RequestPump } from "../../src/crypto/requests.ts";
import type { KeyRequest, KeyServer } from "../../src/model/ports.ts";

type Outgoing = Awaited<ReturnType<Machine["outgoingRequests"]>>[number];

const request = (id: string, type = wasm.RequestType.KeysQuery, more = {}): Outgoing =>
  ({ id, type, body: `{"of":"${id}"}`, ...more }) as unknown as Outgoing;

/** A fault injector in the engine's place: it has the given rounds of requests waiting, then nothing. */
function pumpFor(rounds: () => Outgoing[], answer: (request: KeyRequest) => string = () => "{}") {
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
  return { pump: new RequestPump(machine, keyServer), sent, marked };
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

  it("that Sotto does not know is refused, not dropped: a clear room message above all", async () => {
    const { pump, sent } = pumpFor(() => [request("one", wasm.RequestType.RoomMessage)]);
    await expect(pump.drain()).rejects.toThrow("does not send");
    expect(sent).toEqual([]);
  });
});
