import { expect, test } from "vitest";
import { createKeyServer, createTransport } from "../../src/matrix/index.ts";
import type { KeyRequest } from "../../src/model/ports.ts";
import { type Answer, scriptedServer } from "./scripted-server.ts";

async function ask(script: Answer[], request: Partial<KeyRequest>) {
  await using server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, env: {}, retryForMs: 0 });
  try {
    const complete = { id: "1", kind: "keys-query", body: "{ }", ...request } as const;
    const outcome = await createKeyServer(transport)
      .send(complete)
      .catch((thrown: unknown) => thrown);
    return { outcome, requests: server.requests };
  } finally {
    transport.close();
  }
}

test.each<[Partial<KeyRequest>, string]>([
  [{ kind: "keys-upload" }, "POST /_matrix/client/v3/keys/upload"],
  [{ kind: "keys-query" }, "POST /_matrix/client/v3/keys/query"],
  [{ kind: "keys-claim" }, "POST /_matrix/client/v3/keys/claim"],
  [
    { kind: "to-device", eventType: "m.room.encrypted", txnId: "a/b" },
    "PUT /_matrix/client/v3/sendToDevice/m.room.encrypted/a%2Fb",
  ],
  [{ kind: "signatures-upload" }, "POST /_matrix/client/v3/keys/signatures/upload"],
  [{ kind: "keys-backup", version: "7" }, "PUT /_matrix/client/v3/room_keys/keys"],
])(
  "%o goes to its endpoint with the engine's own bytes, and its answer comes back",
  async (request, target) => {
    const { outcome, requests } = await ask([(response) => response.end('{"failures":{},  "x":1}')], request);
    expect(outcome).toBe('{"failures":{},  "x":1}');
    expect(`${requests[0]?.method} ${requests[0]?.path}`).toBe(target);
    expect(requests[0]?.body.toString()).toBe("{ }");
    expect(requests[0]?.query.get("version")).toBe(request.version ?? null);
  },
);

test("failures of other servers in a query or claim are data", async () => {
  const failures = { failures: { "far.example": { status: 503 } } };
  for (const kind of ["keys-query", "keys-claim"] as const) {
    expect((await ask([{ json: failures }], { kind })).outcome).toBe(JSON.stringify(failures));
  }
});

test("how long to wait for other servers stands in the body, as the spec has it, and in the query, where Synapse reads it", async () => {
  for (const kind of ["keys-query", "keys-claim"] as const) {
    const { requests } = await ask([{ json: {} }], {
      kind,
      body: '{"device_keys":{"@a:b":[]}}',
      timeoutMs: 1_500,
    });
    expect(requests[0]?.query.get("timeout")).toBe("1500");
    expect(JSON.parse(requests[0]!.body.toString())).toEqual({ device_keys: { "@a:b": [] }, timeout: 1_500 });
  }
});

test("a refused signature is an error, though the status is 200", async () => {
  const failures = { "@a:b": { DEVICE: { errcode: "M_INVALID_SIGNATURE", error: "no" } } };
  const { outcome } = await ask([{ json: { failures } }], { kind: "signatures-upload" });
  expect(outcome).toMatchObject({ code: "HOMESERVER_ERROR", message: expect.stringContaining("@a:b") });
});

test("one-time keys that exist already say that the store was copied, and are not passed over", async () => {
  const error = "One time key signed_curve25519:AAAA already exists. Old key: x; new key: y";
  const { outcome } = await ask([{ status: 400, json: { errcode: "M_UNKNOWN", error } }], {
    kind: "keys-upload",
  });
  expect(outcome).toMatchObject({ code: "STORE_DAMAGED" });
});

test.each([
  [403, "M_WRONG_ROOM_KEYS_VERSION"],
  [404, "M_NOT_FOUND"],
])("room keys for a backup that is not the current one (%i %s) say so", async (status, errcode) => {
  const request = { kind: "keys-backup", version: "7" } as const;
  const { outcome } = await ask([{ status, json: { errcode } }], request);
  expect(outcome).toMatchObject({ code: "BACKUP_CHANGED", message: expect.stringContaining("7") });
});
