import { describe, expect, it } from "vitest";
import { type ErrorCode, SottoError } from "../../../src/errors.ts";
import { type Asked, ask, openDoor, sha256, TOKEN, VOICE } from "../../support/http-connector.ts";

const body = "RIFF";
const token = { name: "doorbell", sha256: sha256(TOKEN) };

describe("who may send", () => {
  it.each([
    ["no token", { token: null }, 'Bearer realm="sotto"'],
    ["another token", { token: "guessed" }, 'Bearer realm="sotto", error="invalid_token"'],
    [
      "the hash instead of the token",
      { token: sha256(TOKEN) },
      'Bearer realm="sotto", error="invalid_token"',
    ],
    ["another scheme", { headers: { authorization: `Basic ${TOKEN}` } }, 'Bearer realm="sotto"'],
  ])("with %s is asked for one", async (_what, asked: Asked, challenge) => {
    const { port, intake } = await openDoor();
    const { status, headers, json } = await ask(port, { body: "RIFF", ...asked });
    expect([status, headers["www-authenticate"]]).toEqual([401, challenge]);
    expect(json).toEqual({ code: "UNAUTHORIZED", message: expect.any(String), cure: expect.any(String) });
    expect(intake.brought).toEqual([]);
  });

  it("is bound to the token's rooms, as they are written", async () => {
    const { port, intake } = await openDoor({ tokens: [{ ...token, rooms: ["#team:example.org"] }] });
    const sent = async (room: string) => {
      const { status, json } = await ask(port, { path: `/v1/rooms/${room}/voice`, body: "RIFF" });
      return [status, json.code];
    };
    expect(await sent("%23team:example.org")).toEqual([202, undefined]);
    expect(await sent("!ops")).toEqual([403, "ROOM_NOT_ALLOWED"]);
    expect(await sent("%23team:example.org%2F")).toEqual([403, "ROOM_NOT_ALLOWED"]);
    expect(intake.taken).toHaveLength(1);
  });

  it.each<[sources: string[], trustProxy: string[], forwarded: string | undefined, status: number]>([
    [["127.0.0.0/8"], [], undefined, 202],
    [["192.0.2.0/24"], [], undefined, 403],
    // nobody is believed who is not named
    [["192.0.2.0/24"], [], "192.0.2.7", 403],
    [["192.0.2.0/24"], ["127.0.0.1"], "192.0.2.7", 202],
    // what the client wrote itself stands on the left
    [["192.0.2.0/24"], ["127.0.0.1"], "192.0.2.7, 203.0.113.5", 403],
    [["192.0.2.0/24"], ["127.0.0.1", "203.0.113.5"], "192.0.2.7, 203.0.113.5", 202],
    [["192.0.2.0/24"], ["127.0.0.1"], "192.0.2.7:8000", 403],
    [["2001:db8::/32"], ["127.0.0.1"], "2001:db8::9", 202],
    [["192.0.2.0/24"], ["127.0.0.1"], "::ffff:192.0.2.9", 202],
  ])("from %j, by the proxies %j, forwarded for %s: %i", async (sources, trustProxy, forwarded, status) => {
    const { port } = await openDoor({ tokens: [{ ...token, sources }], trustProxy });
    const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    const answer = await ask(port, { body: "RIFF", headers });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.json.code).toBe("SOURCE_NOT_ALLOWED");
  });

  it("is told when it may go on, after as many as its token may send; the others send on", async () => {
    const gate = { name: "gate", sha256: sha256("gate") };
    const { port, intake } = await openDoor({ tokens: [{ ...token, perMinute: 1 }, gate] });
    expect((await ask(port, { body: "RIFF" })).status).toBe(202);
    const { status, headers, json } = await ask(port, { body: "RIFF" });
    expect([status, json.code]).toEqual([429, "TOO_MANY_REQUESTS"]);
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect((await ask(port, { body: "RIFF", token: "gate" })).status).toBe(202);
    expect(intake.taken).toHaveLength(2);
  });
});

describe("a request", () => {
  it.each<[what: string, asked: Asked, status: number, code: string]>([
    ["for nothing", { path: "/", body }, 404, "NOT_FOUND"],
    [
      "with the file's name behind the slash, as curl makes it",
      { body, path: `${VOICE}/bell.wav` },
      404,
      "NOT_FOUND",
    ],
    ["whose room was cut off with its #", { body, path: "/v1/rooms/" }, 404, "NOT_FOUND"],
    ["around the paths", { body, path: `//x${VOICE}` }, 404, "NOT_FOUND"],
    ["that would read recordings", { method: "GET" }, 405, "METHOD_NOT_ALLOWED"],
    ["that would delete", { method: "DELETE" }, 405, "METHOD_NOT_ALLOWED"],
    ["with a damaged path", { body, path: "/v1/rooms/%zz/voice" }, 400, "REQUEST_INVALID"],
    ["with words that a log would keep", { body, path: `${VOICE}?caller=1` }, 400, "REQUEST_INVALID"],
    ["without a recording", {}, 400, "REQUEST_INVALID"],
    ["that is packed", { body, headers: { "content-encoding": "gzip" } }, 415, "ENCODING_UNSUPPORTED"],
    ["that expects the impossible", { body, headers: { expect: "tea" } }, 417, "EXPECTATION_FAILED"],
    [
      "with too long a key",
      { body, headers: { "idempotency-key": "k".repeat(256) } },
      400,
      "REQUEST_INVALID",
    ],
    ["with an empty key", { body, headers: { "idempotency-key": '""' } }, 400, "REQUEST_INVALID"],
    ["with two keys", { body, headers: { "idempotency-key": ["a", "ü"] } }, 400, "REQUEST_INVALID"],
    [
      "with a time without a zone",
      { body, headers: { "sotto-recorded": "2026-11-23T02:49:23" } },
      400,
      "REQUEST_INVALID",
    ],
    ["with a format that is none", { body, headers: { "sotto-raw": "mp3:8000:1" } }, 400, "REQUEST_INVALID"],
    [
      "with a caller in another coding",
      { body, headers: { "sotto-caller": "T\u00fcr" } },
      400,
      "REQUEST_INVALID",
    ],
    [
      "with a caller of two lines",
      { body, headers: { "sotto-caller": "a\u00e2\u0080\u00a8b" } },
      400,
      "REQUEST_INVALID",
    ],
  ])("%s is refused", async (_what, asked, status, code) => {
    const { port, intake } = await openDoor();
    const answer = await ask(port, asked);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(Object.keys(answer.json).sort()).toEqual(["code", "cure", "message"]);
    if (status === 405) expect(answer.headers.allow).toBe("POST, PUT");
    expect(intake.brought).toEqual([]);
  });
});

describe("what the house refuses", () => {
  it.each<[code: ErrorCode, status: number]>([
    ["ROUTE_UNKNOWN", 404],
    ["AUDIO_TOO_LARGE", 413],
    ["AUDIO_NOT_AUDIO", 415],
    ["AUDIO_EMPTY", 422],
    ["FFMPEG_FAILED", 422],
  ])("for good, %s, is the client's to know", async (code, status) => {
    const { port, intake } = await openDoor();
    intake.refusal = new SottoError(code, "this is why");
    const answer = await ask(port, { body: "RIFF" });
    expect([answer.status, answer.json.code, answer.json.message]).toEqual([status, code, "this is why"]);
  });

  it.each<[code: ErrorCode, status: number, retryAfter: string | undefined]>([
    ["DISK_FULL", 507, "10"],
    ["STOPPED", 503, "10"],
    ["HOMESERVER_UNREACHABLE", 503, "10"],
    ["RATE_LIMITED", 503, "120"],
    ["INTERNAL", 500, undefined],
    ["STORE_DAMAGED", 500, undefined],
  ])(
    "by its own fault, %s, says no more than when to come again; the log has the reason",
    async (code, status, retryAfter) => {
      const { port, intake, log } = await openDoor();
      intake.refusal = new SottoError(
        code,
        "the file /secret/place",
        code === "RATE_LIMITED" ? { retryAfterMs: 119_500 } : {},
      );
      const answer = await ask(port, { body: "RIFF" });
      expect([answer.status, answer.json.code, answer.headers["retry-after"]]).toEqual([
        status,
        code,
        retryAfter,
      ]);
      expect(JSON.stringify(answer.json)).not.toContain("/secret/place");
      expect(log.lines.join()).toContain("/secret/place");
    },
  );
});

it("the log names neither token, nor caller, nor address, nor key", async () => {
  const { port, log } = await openDoor({ trustProxy: ["127.0.0.1"] });
  const headers = {
    "sotto-caller": "+49 30 123456",
    "x-forwarded-for": "192.0.2.7",
    "idempotency-key": "ring-7",
  };
  await ask(port, { body: "RIFF", headers });
  await ask(port, { body: "RIFF", headers, token: "guessed" });
  await ask(port, { body: "RIFF", headers: { ...headers, "sotto-recorded": "yesterday" } });
  const text = log.lines.join("\n");
  expect(log.lines).toHaveLength(4);
  for (const word of [TOKEN, sha256(TOKEN), "guessed", "123456", "192.0.2.7", "ring-7", "yesterday"])
    expect(text).not.toContain(word);
});
