import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { MemoryIntake } from "../../../src/connector/contract/index.ts";
import { SottoError } from "../../../src/errors.ts";
import type { IncomingRecording, Taken } from "../../../src/model/connector.ts";
import { ask, dial, head, openDoor, sha256, TOKEN, VOICE } from "../../support/http-connector.ts";

/** So short that a test need not wait, and only for tests that wait for its end. */
const SHORT_MS = 50;
const CHUNKED = "Transfer-Encoding: chunked";

/** The JSON and the status line of the last answer in what came. */
function lastAnswer(text: string): [line: string, code: unknown] {
  const at = text.lastIndexOf("HTTP/1.1 ");
  const json = text.slice(text.indexOf("\r\n\r\n", at) + 4);
  return [text.slice(at, text.indexOf("\r\n", at)), JSON.parse(json).code];
}

describe("too large", () => {
  it("by its Content-Length: refused before a byte of it was read, and the client has its answer", async () => {
    const { port, intake } = await openDoor({ maxBytes: 1_000 });
    const { socket, all } = await dial(port);
    socket.write(head(["Content-Length: 1001"]));
    const [first] = await once(socket, "data");
    expect(first.toString()).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close[\s\S]*REQUEST_TOO_LARGE/i);
    socket.end();
    await all;
    expect(intake.brought).toEqual([]);
  });

  it("in chunks: refused where it goes too far, also while the client sends on", async () => {
    const { port, intake } = await openDoor({ maxBytes: 100_000 });
    const { status, json } = await ask(port, {
      body: Buffer.alloc(5_000_000),
      headers: { "transfer-encoding": "chunked" },
    });
    expect([status, json.code]).toEqual([413, "REQUEST_TOO_LARGE"]);
    expect(intake.brought).toEqual([]);
  });

  it("is told also to a client that reads no answer before it has sent everything", async () => {
    const { port } = await openDoor({ maxBytes: 1_000 });
    const { socket, all } = await dial(port);
    socket.pause();
    socket.write(head(["Content-Length: 20000000"]));
    await new Promise((sent) => socket.write(Buffer.alloc(20_000_000), sent));
    socket.resume();
    expect(lastAnswer(await all)).toEqual(["HTTP/1.1 413 Payload Too Large", "REQUEST_TOO_LARGE"]);
  });

  it("is the reason, whatever else the intake makes of it", async () => {
    class Puzzled extends MemoryIntake {
      override async take(recording: IncomingRecording): Promise<Taken> {
        return await super.take(recording).catch((cause) => {
          throw new SottoError("INTERNAL", "something is wrong with the stream", { cause });
        });
      }
    }
    const { port } = await openDoor({ maxBytes: 1_000 }, new Puzzled());
    const { status } = await ask(port, {
      body: "x".repeat(2_000),
      headers: { "transfer-encoding": "chunked" },
    });
    expect(status).toBe(413);
  });

  it("at its head", async () => {
    const { port } = await openDoor();
    const { socket, all } = await dial(port);
    socket.end(head([`X-Padding: ${"x".repeat(9_000)}`, "Content-Length: 4"]));
    expect(lastAnswer(await all)).toEqual([
      "HTTP/1.1 431 Request Header Fields Too Large",
      "HEADERS_TOO_LARGE",
    ]);
  });

  it("by not one byte: taken", async () => {
    const { port } = await openDoor({ maxBytes: 1_000 });
    expect((await ask(port, { body: Buffer.alloc(1_000) })).status).toBe(202);
  });
});

describe("too slow", () => {
  it("with its head", async () => {
    const { port } = await openDoor({ headersTimeout: SHORT_MS });
    const { socket, all } = await dial(port);
    socket.write(`POST ${VOICE} HTTP/1.1\r\nHost: x\r\n`);
    expect(lastAnswer(await all)).toEqual(["HTTP/1.1 408 Request Timeout", "REQUEST_TOO_SLOW"]);
  });

  it.each([
    ["with its first byte", ""],
    ["in its middle", "RIFF"],
  ])("%s", async (_where, sent) => {
    const { port, intake } = await openDoor({ stallTimeout: SHORT_MS });
    const { socket } = await dial(port);
    socket.write(head(["Content-Length: 100"]) + sent);
    const [answer] = await once(socket, "data");
    expect(lastAnswer(answer.toString())).toEqual(["HTTP/1.1 408 Request Timeout", "REQUEST_TOO_SLOW"]);
    expect(intake.brought).toEqual([]);
  });

  it.each([
    [
      "though it never stops: drops are not a stream",
      { stallTimeout: 4 * SHORT_MS, minBytesPerSecond: 1_000_000 },
    ],
    ["as a whole", { maxTime: SHORT_MS }],
  ])("%s", async (_what, limits) => {
    const { port } = await openDoor(limits);
    const { socket } = await dial(port);
    socket.write(head([CHUNKED]));
    const drops = setInterval(() => socket.write("1\r\nx\r\n"), SHORT_MS / 5);
    const [answer] = await once(socket, "data");
    clearInterval(drops);
    expect(lastAnswer(answer.toString())[1]).toBe("REQUEST_TOO_SLOW");
  });

  it("is not said of a client who waits for us", async () => {
    const held = Promise.withResolvers<void>();
    class Slow extends MemoryIntake {
      override async take(recording: IncomingRecording): Promise<Taken> {
        await held.promise;
        return await super.take(recording);
      }
    }
    const { port } = await openDoor({ stallTimeout: 1_000 });
    const { port: slow } = await openDoor({ stallTimeout: 1_000 }, new Slow());
    const answer = ask(slow, { body: Buffer.alloc(500_000) });
    // another one has waited out its time meanwhile
    const { socket } = await dial(port);
    socket.write(head(["Content-Length: 100"]));
    await once(socket, "data");
    held.resolve();
    expect((await answer).status).toBe(202);
  });
});

describe("too many", () => {
  it("at once are told when to come again, before they send anything", async () => {
    const { port, intake } = await openDoor({ maxRequests: 1 });
    const held = Promise.withResolvers<void>();
    intake.held = held.promise;
    const first = ask(port, { body: "RIFF" });
    await intake.until(() => intake.brought.length === 1);
    const { status, headers, json } = await ask(port, { body: "RIFF" });
    expect([status, json.code, headers["retry-after"]]).toEqual([503, "BUSY", "2"]);
    held.resolve();
    expect((await first).status).toBe(202);
    expect((await ask(port, { body: "RIFF" })).status).toBe(202);
  });
});

describe("a client that waits for 100 Continue", () => {
  const expects = (length: number, ...more: string[]): string =>
    head([`Content-Length: ${length}`, "Expect: 100-continue", ...more]);

  it("sends its body when all that can be known before is right", async () => {
    const { port, intake } = await openDoor();
    const { socket, all } = await dial(port);
    socket.write(expects(4));
    const [first] = await once(socket, "data");
    expect(first.toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    socket.end("RIFF");
    expect(await all).toContain("HTTP/1.1 202 Accepted");
    expect(intake.taken).toHaveLength(1);
  });

  it.each([
    ["has no token", expects(4).replace(/Authorization.*\r\n/, ""), 401],
    ["is too large", expects(2_000), 413],
    ["may not use the room", expects(4).replace("%21ops", "%21other"), 403],
  ])("sends none when it %s", async (_what, text, status) => {
    const { port } = await openDoor({
      maxBytes: 1_000,
      tokens: [{ name: "doorbell", sha256: sha256(TOKEN), rooms: ["!ops"] }],
    });
    const { socket } = await dial(port);
    socket.write(text);
    const [first] = await once(socket, "data");
    expect(first.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("sends none when it is known already, or has no route", async () => {
    const { port, intake } = await openDoor();
    await ask(port, { body: "RIFF", headers: { "idempotency-key": "ring" } });
    const again = await dial(port);
    again.socket.write(expects(500_000, "Idempotency-Key: ring"));
    expect((await once(again.socket, "data")).toString()).toMatch(/^HTTP\/1\.1 202 [\s\S]*\/v1\/jobs\/1/);
    intake.refusalUnread = new SottoError("ROUTE_UNKNOWN", "no route goes there");
    const lost = await dial(port);
    lost.socket.write(expects(500_000));
    expect((await once(lost.socket, "data")).toString()).toMatch(/^HTTP\/1\.1 404 [\s\S]*ROUTE_UNKNOWN/);
  });
});

describe("a recording that breaks off", () => {
  const torn = `${head(["Content-Length: 100", "Idempotency-Key: torn"])}RIFF`;

  it("is refused, where its client still listens", async () => {
    const { port, intake } = await openDoor();
    const { socket, all } = await dial(port);
    socket.end(torn);
    expect(lastAnswer(await all)).toEqual(["HTTP/1.1 400 Bad Request", "REQUEST_INVALID"]);
    expect(intake.brought).toEqual([]);
  });

  it("leaves nothing behind, and can be sent again", async () => {
    const { port, intake, log } = await openDoor();
    const { socket } = await dial(port);
    socket.write(torn);
    socket.resetAndDestroy();
    await expect.poll(() => log.lines.length).toBe(2);
    const headers = { "idempotency-key": "torn" };
    expect((await ask(port, { body: "RIFF", headers })).status).toBe(202);
    expect(intake.taken.map(({ bytes }) => bytes.length)).toEqual([4]);
  });
});

describe("what is no HTTP", () => {
  it.each([
    ["noise", "\u0016\u0003\u0001\u0002\u0000 hello\r\n\r\n"],
    ["two lengths", head(["Content-Length: 4", "Content-Length: 5"])],
    ["a length and chunks, for a proxy to disagree about", head(["Content-Length: 4", CHUNKED])],
    ["no host", head(["Content-Length: 4"]).replace("Host: x\r\n", "")],
    ["a header with a line end in it", head(["X-Evil: a\rb", "Content-Length: 4"])],
  ])("%s, is told so and let go", async (_what, text) => {
    const { port, intake } = await openDoor();
    const { socket, all } = await dial(port);
    socket.end(Buffer.from(text, "latin1"));
    expect(await all).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(intake.brought).toEqual([]);
  });

  it("behind a recording, does not take its answer away", async () => {
    const { port, intake } = await openDoor();
    const { socket, all } = await dial(port);
    socket.end(`${head(["Content-Length: 4"])}RIFFnoise\r\n\r\n`);
    expect(await all).toContain("HTTP/1.1 202 Accepted");
    expect(intake.taken).toHaveLength(1);
  });

  it("a chunk that is none breaks its recording and no other", async () => {
    const { port, intake } = await openDoor();
    const { socket, all } = await dial(port);
    socket.end(`${head([CHUNKED])}4\r\nRIFF\r\nzz\r\n`);
    expect(lastAnswer(await all)).toEqual(["HTTP/1.1 400 Bad Request", "REQUEST_INVALID"]);
    expect((await ask(port, { body: "RIFF" })).status).toBe(202);
    expect(intake.taken).toHaveLength(1);
  });
});
