import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { Readable } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import { recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { isPassing, SottoError } from "../../src/errors.ts";
import { deliver, failureOf, receiver, recording, webhookTo } from "../support/webhook-sink.ts";

const MINUTE_MS = 60_000;

it.each<[number, string | undefined, number | undefined]>([
  [500, undefined, undefined],
  [503, "120", 2 * MINUTE_MS],
  [429, undefined, undefined],
  [429, "7", 7_000],
  [408, undefined, undefined],
  [302, undefined, 15 * MINUTE_MS],
  [401, undefined, 15 * MINUTE_MS],
  [404, undefined, 15 * MINUTE_MS],
  [404, "60", MINUTE_MS],
  [410, undefined, 24 * 60 * MINUTE_MS],
  [503, "99999999", 24 * 60 * MINUTE_MS],
  [503, "soon", undefined],
])("keeps the message waiting after a %i with Retry-After %s", async (status, retryAfter, retryAfterMs) => {
  const opened = await receiver();
  opened.reply = (_request, response) => {
    response.writeHead(status, {
      location: "/elsewhere",
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    });
    response.end("the voice of alice");
  };
  const sink = await webhookTo(opened.url);
  const failure = await failureOf(deliver(sink, recording()));
  expect(failure).toMatchObject({
    code: "CONNECTOR_FAILED",
    message: `the receiver answered with HTTP ${status}`,
  });
  expect(failure.retryAfterMs).toBe(retryAfterMs);
  expect(JSON.stringify(failure)).not.toMatch(/that-is-secret|alice|elsewhere/);
  expect(opened.requests).toBe(1); // no redirect was followed
  expect(await sink.check()).toEqual([{ ok: false, message: failure.message, cure: failure.cure }]);
});

it.each([
  [413, "AUDIO_TOO_LARGE"],
  [415, "AUDIO_UNREADABLE"],
  [422, "AUDIO_UNREADABLE"],
])("gives a message up after a %i, which speaks of this one alone", async (status, code) => {
  const opened = await receiver();
  opened.reply = (_request, response) => response.writeHead(status).end();
  const failure = await failureOf(deliver(await webhookTo(opened.url), recording()));
  expect(failure).toMatchObject({ code, message: `the receiver refused the message with HTTP ${status}` });
  expect(isPassing(failure)).toBe(false);
});

it("passes on what the recording itself is refused for", async () => {
  const opened = await receiver();
  const tampered = new SottoError("ATTACHMENT_HASH_MISMATCH", "the recording was changed on its way");
  const voice = voiceOf(recordingOf(), () => Readable.from([]).destroy(tampered));
  expect(await failureOf(deliver(await webhookTo(opened.url), voice))).toBe(tampered);
  expect(opened.requests).toBe(0);
});

it("understands a Retry-After that is a date", async () => {
  const opened = await receiver();
  const date = new Date(Date.now() + 60 * MINUTE_MS).toUTCString();
  opened.reply = (_request, response) => response.writeHead(503, { "retry-after": date }).end();
  const { retryAfterMs } = await failureOf(deliver(await webhookTo(opened.url), recording()));
  expect(retryAfterMs).toBeGreaterThan(58 * MINUTE_MS);
  expect(retryAfterMs).toBeLessThanOrEqual(60 * MINUTE_MS);
});

it("sends all of it to a receiver that says yes at once", async () => {
  const opened = await receiver();
  const body = Promise.withResolvers<number>();
  opened.replyAtOnce = (response) => {
    let bytes = 0;
    response.req.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    response.req.on("end", () => body.resolve(bytes));
    response.writeHead(200).end("ok");
    return true;
  };
  await deliver(await webhookTo(opened.url), recording(recordingOf(1_000_000)));
  expect(await body.promise).toBeGreaterThan(2_000_000);
});

it("stops sending to a receiver that says no at once", async () => {
  const opened = await receiver();
  opened.replyAtOnce = (response) => {
    response.writeHead(401, { connection: "close" }).end();
    return true;
  };
  const { message } = await failureOf(
    deliver(await webhookTo(opened.url), recording(recordingOf(1_000_000))),
  );
  expect(message).toMatch(/HTTP 401|gave no answer/);
});

it("gives up on a receiver that falls silent, before and in its answer", async () => {
  const opened = await receiver();
  opened.reply = () => undefined;
  const sink = await webhookTo(opened.url, { timeout: "1s" });
  expect((await failureOf(deliver(sink, recording()))).message).toBe(
    "the receiver gave no answer (ETIMEDOUT)",
  );
  opened.reply = (_request, response) => response.writeHead(200).write("half of");
  await deliver(sink, recording()); // the yes has come
});

it("does not wait for an answer that comes byte by byte, before and after its yes", async () => {
  const opened = await receiver();
  const drip = (response: ServerResponse): void => {
    const dripping = setInterval(() => response.writable && response.socket?.write("x"), 100);
    onTestFinished(() => clearInterval(dripping));
  };
  opened.reply = (_request, response) => {
    response.socket?.write("HTTP/1.1 200 OK\r\nx-slow: ");
    drip(response);
  };
  const sink = await webhookTo(opened.url, { timeout: "1s" });
  expect((await failureOf(deliver(sink, recording()))).message).toBe(
    "the receiver gave no answer (ETIMEDOUT)",
  );
  opened.reply = (_request, response) => {
    response.writeHead(200, { "content-length": 50_000 }).flushHeaders();
    drip(response);
  };
  await deliver(sink, recording()); // the yes has come
});

it("says why there was no answer, and not to which path", async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sink = await webhookTo(`http://127.0.0.1:${port}/path-that-is-secret`);
  const reset = await failureOf(deliver(sink, recording()));
  server.close();
  await once(server, "close");
  const refused = await failureOf(deliver(sink, recording()));
  expect(reset.message).toMatch(/^the receiver gave no answer \((?:ECONNRESET|EPIPE)\)$/);
  expect(refused.message).toBe("the receiver gave no answer (ECONNREFUSED)");
  expect(JSON.stringify([reset, refused])).not.toContain("that-is-secret");
});
