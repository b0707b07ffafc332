import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ClearTypes, createSendGate, createTransport, type Transport } from "../../src/matrix/index.ts";
import { sendsRoomEvent } from "../../src/matrix/send-permit.ts";
import { type Answer, fakeTiming, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

const ROOM = "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM";
const NOTHING: ClearTypes = { reactions: false, redactions: false, state: false };
const ALL: ClearTypes = { reactions: true, redactions: true, state: true };
const megolm = {
  algorithm: "m.megolm.v1.aes-sha2",
  ciphertext: "AwgAEnAC",
  session_id: "X3lU",
  sender_key: "RF3s",
  device_id: "SOTTO1",
};

function transportTo(server: ScriptedServer): Transport {
  return createTransport({ homeserver: server.url, env: {}, timing: fakeTiming() });
}

async function gateTo(script: Answer[], clearTypes = NOTHING) {
  const server = await scriptedServer(script);
  const transport = transportTo(server);
  return {
    gate: createSendGate(transport, clearTypes),
    requests: server.requests,
    async [Symbol.asyncDispose]() {
      transport.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const sent: Answer = { json: { event_id: "$e" } };

describe("an encrypted event", () => {
  test("leaves byte for byte, under its transaction ID", async () => {
    await using peer = await gateTo([sent]);
    const json = JSON.stringify(
      { ...megolm, "m.relates_to": { "m.in_reply_to": { event_id: "$q" } } },
      null,
      1,
    );
    expect(await peer.gate.putEncrypted(ROOM, "txn/1", json)).toBe("$e");
    expect(peer.requests[0]).toMatchObject({
      method: "PUT",
      path: `/_matrix/client/v3/rooms/${encodeURIComponent(ROOM)}/send/m.room.encrypted/txn%2F1`,
    });
    expect(peer.requests[0]?.body.toString()).toBe(json);
  });

  test.each<[string, unknown]>([
    ["a clear message", { msgtype: "m.text", body: "hello" }],
    ["no JSON", undefined],
    ["a list", [megolm]],
    ["another algorithm", { ...megolm, algorithm: "m.olm.v1.curve25519-aes-sha2" }],
    ["no ciphertext", { ...megolm, ciphertext: "" }],
    ["text as ciphertext", { ...megolm, ciphertext: "meet me at nine" }],
    ["an Olm ciphertext", { ...megolm, ciphertext: { key: {} } }],
    ["no session", { ...megolm, session_id: undefined }],
    ["content beside the ciphertext", { ...megolm, body: "Voice message.ogg" }],
    [
      "content in the relation",
      { ...megolm, "m.relates_to": { rel_type: "m.annotation", event_id: "$q", key: "👍" } },
    ],
    [
      "content in the reply",
      { ...megolm, "m.relates_to": { "m.in_reply_to": { event_id: "$q", body: "hello" } } },
    ],
  ])("that is %s never leaves", async (_name, content) => {
    await using peer = await gateTo([sent]);
    const json = content === undefined ? "not json" : JSON.stringify(content);
    await expect(peer.gate.putEncrypted(ROOM, "t", json)).rejects.toMatchObject({
      code: "CLEAR_EVENT_REFUSED",
    });
    expect(peer.requests).toEqual([]);
  });
});

describe("a clear event", () => {
  test("leaves only as what is on the list, and only where the config allows it", async () => {
    await using open = await gateTo([sent, sent, sent], ALL);
    await open.gate.putClear(ROOM, "t1", "m.reaction", { "m.relates_to": {} });
    await open.gate.redact(ROOM, "t2", "$e", "why");
    await open.gate.putState(ROOM, "m.room.name", "", { name: "x" });
    expect(open.requests.map((seen) => seen.path.split("/").slice(6).join("/"))).toEqual([
      "send/m.reaction/t1",
      "redact/%24e/t2",
      "state/m.room.name/",
    ]);

    await using shut = await gateTo([]);
    const refused = { code: "CLEAR_EVENT_REFUSED" };
    await expect(shut.gate.putClear(ROOM, "t", "m.reaction", {})).rejects.toMatchObject(refused);
    await expect(shut.gate.redact(ROOM, "t", "$e")).rejects.toMatchObject(refused);
    await expect(shut.gate.putState(ROOM, "m.room.name", "", {})).rejects.toMatchObject(refused);
    for (const type of ["m.room.message", "m.room.encrypted", "m.voice", "m.sticker", "m.room.redaction"]) {
      await expect(open.gate.putClear(ROOM, "t", type, {})).rejects.toMatchObject(refused);
    }
    expect(shut.requests).toEqual([]);
    expect(open.requests).toHaveLength(3);
  });
});

describe("the outcome of a send", () => {
  const refusal = (status: number, errcode: string): Answer => ({ status, json: { errcode, error: "no" } });
  const put = async (...script: Answer[]) => {
    await using peer = await gateTo(script);
    return await peer.gate.putEncrypted(ROOM, "t", JSON.stringify(megolm)).catch((thrown: unknown) => thrown);
  };
  const cut: Answer = (response) => response.destroy();

  test.each<[string, Answer, string]>([
    ["403", refusal(403, "M_FORBIDDEN"), "ROOM_FORBIDDEN"],
    ["404", refusal(404, "M_NOT_FOUND"), "ROOM_NOT_FOUND"],
    ["403 of the account, not of the room", refusal(403, "M_USER_SUSPENDED"), "HOMESERVER_ERROR"],
    ["403 of a proxy", { status: 403 }, "HOMESERVER_ERROR"],
    ["404 of a proxy whose homeserver is away", { status: 404 }, "HOMESERVER_ERROR"],
    ["404 of a path that is not known", refusal(404, "M_UNRECOGNIZED"), "HOMESERVER_ERROR"],
    ["413", refusal(413, "M_TOO_LARGE"), "HOMESERVER_ERROR"],
    ["401", refusal(401, "M_UNKNOWN_TOKEN"), "TOKEN_REJECTED"],
    ["429 for too long", { status: 429, headers: { "retry-after": "600" } }, "RATE_LIMITED"],
  ])("is certain on %s", async (_name, answer, code) => {
    expect(await put(answer)).toMatchObject({ code });
  });

  test.each<[string, Answer]>([
    ["500", refusal(500, "M_UNKNOWN")],
    ["an answer without an event ID", { json: {} }],
    ["an answer that is not JSON", (response) => response.end("<html>")],
  ])("is uncertain on %s", async (_name, answer) => {
    expect(await put(answer)).toMatchObject({ code: "SEND_UNCERTAIN" });
  });

  test("is the repeat's where the first answer was lost", async () => {
    expect(await put(cut, refusal(502, "M_UNKNOWN"), sent)).toBe("$e");
  });

  test("waits for as long as was asked for, also where it is uncertain", async () => {
    const limited: Answer = { status: 429, headers: { "retry-after": "600" } };
    expect(await put(cut, limited)).toMatchObject({ code: "SEND_UNCERTAIN", retryAfterMs: 600_000 });
  });

  test("stays uncertain where a lost answer is followed by a refusal", async () => {
    expect(await put(cut, refusal(403, "M_FORBIDDEN"))).toMatchObject({ code: "SEND_UNCERTAIN" });
    expect(await put(cut, refusal(401, "M_UNKNOWN_TOKEN"))).toMatchObject({ code: "SEND_UNCERTAIN" });
  });
});

describe("beside the gate", () => {
  const paths = [
    `/_matrix/client/v3/rooms/${ROOM}/send/m.room.message/t`,
    `/_matrix/client/v3/rooms/${ROOM}/send/m.room.encrypted/t`,
    `/_matrix/client/v3/rooms/${ROOM}/state/m.room.topic`,
    `/_matrix/client/v3/rooms/${ROOM}/state/m.room.topic/`,
    `/_matrix/client/v3/rooms/${ROOM}/redact/$e/t`,
    `/_matrix/client/r0/rooms/${ROOM}/send/m.room.message`,
    `/_matrix/client/unstable/org.example/rooms/${ROOM}/send_delayed/x`,
    `/_matrix/client/v3//rooms/${ROOM}/send/m.room.message/t`,
    `/_matrix/client/v3/%72ooms/${ROOM}/s%65nd/m.room.message/t`,
    `/_matrix/client/v3/x/../rooms/${ROOM}/send/m.room.message/t`,
  ];

  test.each(paths)("nothing PUTs %s", async (path) => {
    await using server = await scriptedServer(() => sent);
    const transport = transportTo(server);
    for (const method of ["PUT", "POST"] as const) {
      await expect(transport.request(method, path, { body: { json: {} } })).rejects.toMatchObject({
        code: "CLEAR_EVENT_REFUSED",
      });
    }
    expect(server.requests).toEqual([]);
    transport.close();
  });

  test("state and members can be read, and typing is not an event", () => {
    expect(sendsRoomEvent("GET", `/_matrix/client/v3/rooms/${ROOM}/state/m.room.encryption/`)).toBe(false);
    expect(sendsRoomEvent("PUT", `/_matrix/client/v3/rooms/${ROOM}/typing/@a:b`)).toBe(false);
    expect(sendsRoomEvent("POST", "/_matrix/client/v3/createRoom")).toBe(false);
    expect(sendsRoomEvent("PUT", "/_matrix/client/v3/sendToDevice/m.room.encrypted/t")).toBe(false);
  });

  test("only the gate holds the permit", () => {
    const holders = globSync("src/**/*.ts").filter((file) =>
      readFileSync(file, "utf8").includes("SEND_PERMIT"),
    );
    expect(holders.sort()).toEqual(
      ["gate", "send-permit", "transport"].map((name) => `src/matrix/${name}.ts`),
    );
    expect(readFileSync("src/matrix/index.ts", "utf8")).not.toContain("send-permit");
    expect(readFileSync("src/matrix/transport.ts", "utf8")).not.toMatch(/permit: SEND_PERMIT/);
  });
});

describe("the control room", () => {
  const token = "abcdefghijklmnopqrstuvwxyz012345";
  const clip = {
    bytes: Buffer.from("OggS"),
    name: `Sotto canary ${token}.ogg`,
    mimetype: `audio/ogg; canary=${token}`,
    durationMs: 1000,
    waveform: [1, 2, 3],
  };
  const created: Answer = { json: { room_id: ROOM } };
  const alone: Answer = { json: { joined: { "@sotto:example.org": {} } } };
  const refusal = { code: "CLEAR_EVENT_REFUSED" };

  test("is made for one message, which leaves once, and is taken back", async () => {
    await using peer = await gateTo([
      created,
      alone,
      { json: { content_uri: "mxc://a/b" } },
      sent,
      sent,
      {},
      {},
    ]);
    const room = await peer.gate.controlRoom();
    expect(await room.send(clip)).toEqual({ eventId: "$e", mxcUri: "mxc://a/b" });
    await expect(room.send(clip)).rejects.toMatchObject(refusal);
    expect(await room.leave()).toEqual([]);
    expect(peer.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)).toEqual([
      "POST /_matrix/client/v3/createRoom",
      `GET /_matrix/client/v3/rooms/${ROOM}/joined_members`,
      expect.stringMatching("POST /_matrix/media/v3/upload"),
      `PUT /_matrix/client/v3/rooms/${ROOM}/send/m.room.message/control`,
      `PUT /_matrix/client/v3/rooms/${ROOM}/redact/$e/redact`,
      `POST /_matrix/client/v3/rooms/${ROOM}/leave`,
      `POST /_matrix/client/v3/rooms/${ROOM}/forget`,
    ]);
  });

  test.each([
    ["another name", { ...clip, name: "Meet me at nine.ogg" }],
    ["another MIME type", { ...clip, mimetype: "audio/ogg" }],
    ["words behind the name", { ...clip, name: `${clip.name} and more` }],
  ])("lets nothing out under %s", async (_what, other) => {
    await using peer = await gateTo([created]);
    const room = await peer.gate.controlRoom();
    await expect(room.send(other)).rejects.toMatchObject(refusal);
    expect(peer.requests).toHaveLength(1);
  });

  test("lets nothing out where somebody else is in it", async () => {
    await using peer = await gateTo([created, { json: { joined: { "@a:b": {}, "@c:d": {} } } }]);
    const room = await peer.gate.controlRoom();
    await expect(room.send(clip)).rejects.toMatchObject(refusal);
    expect(peer.requests).toHaveLength(2);
  });
});
