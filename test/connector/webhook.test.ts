import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, it, onTestFinished, test } from "vitest";
import { type SinkBench, sinkContract } from "../../src/connector/contract/index.ts";
import { broken, recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { webhook } from "../../src/connector/webhook/index.ts";
import { parseSecrets, Signature } from "../../src/connector/webhook/signature.ts";
import { isPassing, SottoError } from "../../src/errors.ts";
import { silentLogger } from "../../src/log.ts";
import type { Connector, ConnectorContext, OutgoingVoice } from "../../src/model/connector.ts";
import type { EventId } from "../../src/model/ids.ts";
import { hasOpenssl, selfSigned } from "../matrix/tls-server.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { isSignedWith, WebhookReceiver } from "../support/webhook-receiver.ts";

type Sink = Connector & Required<Pick<Connector, "deliver" | "check">>;

const SECRET = randomBytes(32);
const WRITTEN_SECRET = `whsec_${SECRET.toString("base64")}`;

async function webhookTo(url: string, written: object = {}, secrets = `${WRITTEN_SECRET}\n`): Promise<Sink> {
  const settings = webhook.settings.parse({
    type: "webhook",
    url,
    secretFile: privateFile(secrets),
    ...written,
  });
  const context = { name: "hook", logger: silentLogger, path: (path: string) => path } as ConnectorContext;
  return (await webhook.load())(settings, context) as Sink;
}

function privateFile(content: string, mode = 0o600): string {
  const file = join(temporaryDirectory(), "file");
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

async function receiver(): Promise<WebhookReceiver> {
  const opened = await WebhookReceiver.open();
  onTestFinished(() => opened[Symbol.asyncDispose]());
  return opened;
}

const deliver = (sink: Sink, voice: OutgoingVoice, signal = new AbortController().signal): Promise<void> =>
  sink.deliver(voice, signal);

const recording = (bytes = recordingOf()): OutgoingVoice => voiceOf(bytes);

async function failureOf(delivery: Promise<unknown>): Promise<SottoError> {
  const failure = await delivery.catch((error) => error);
  expect(failure).toBeInstanceOf(SottoError);
  return failure as SottoError;
}

test.each(
  sinkContract(async (): Promise<SinkBench> => {
    const opened = await receiver();
    return {
      open: () => webhookTo(opened.url),
      arrived: async () =>
        [...opened.kept.values()].map(({ message, audio }) => ({
          eventId: message.data.eventId as EventId,
          bytes: audio,
        })),
      knowsEvents: true,
      close: async () => {},
    };
  }),
)("contract: $promise", ({ run }) => run());

it("posts the recording and what is known of it, with its length, signed", async () => {
  const opened = await receiver();
  const bytes = recordingOf(50_000);
  const voice = recording(bytes);
  const before = Math.floor(Date.now() / 1_000);
  await deliver(await webhookTo(opened.url), voice);
  const [received] = opened.received;
  const { stream: _, ...data } = voice;
  expect(received?.message).toEqual({ type: "voice.received", timestamp: "2026-01-31T12:30:15.250Z", data });
  expect(received).toMatchObject({ filename: "voice.wav", mimetype: "audio/wav" });
  expect(received?.audio.equals(bytes)).toBe(true);
  const { headers, body } = received!;
  expect(headers["content-length"]).toBe(String(body.length));
  expect(Number(headers["webhook-timestamp"])).toBeGreaterThanOrEqual(before);
  expect(isSignedWith(SECRET, received!)).toBe(true);
  expect(isSignedWith(randomBytes(32), received!)).toBe(false);
});

it("signs as Standard Webhooks' own libraries do", () => {
  // the vector of their test suites
  const secrets = parseSecrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const signature = new Signature(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
  for (const part of ['{"test": ', "2432232314}"]) signature.update(Buffer.from(part));
  expect(signature.header()).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

it("signs with each secret while one replaces the other", async () => {
  const opened = await receiver();
  const old = "an old secret in plain words, long enough";
  await deliver(await webhookTo(opened.url, {}, `${WRITTEN_SECRET}\n${old}\n`), recording());
  expect(isSignedWith(SECRET, opened.received[0]!)).toBe(true);
  expect(isSignedWith(Buffer.from(old), opened.received[0]!)).toBe(true);
});

it("has one webhook-id for one event, without a full stop", async () => {
  const opened = await receiver();
  const sink = await webhookTo(opened.url);
  const voice: OutgoingVoice = { ...recording(), eventId: "$1234567890:example.org" as EventId };
  await deliver(sink, voice);
  await deliver(sink, voice);
  await deliver(sink, recording());
  const ids = opened.received.map(({ headers }) => headers["webhook-id"]);
  expect(ids[0]).toMatch(/^msg_[\w-]{43}$/);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});

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

it.skipIf(!hasOpenssl)(
  "does not talk to one whose certificate nobody vouches for (needs openssl)",
  async () => {
    using certificate = selfSigned();
    const { key, cert } = certificate;
    const server = createTlsServer({ key, cert }, (_request, response) => response.end()).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const failure = await failureOf(deliver(await webhookTo(`https://localhost:${port}/`), recording()));
    server.close();
    expect(failure.message).toBe("the receiver gave no answer (DEPTH_ZERO_SELF_SIGNED_CERT)");
  },
);

it("tells an error of the recording from one of the receiver", async () => {
  const opened = await receiver();
  const bytes = recordingOf();
  let opening = 0;
  // whole when it is signed, broken when it is sent
  const voice: OutgoingVoice = voiceOf(bytes, () =>
    opening++ === 0 ? voiceOf(bytes).stream() : broken(bytes),
  );
  const sink = await webhookTo(opened.url);
  expect(await failureOf(deliver(sink, voice))).toMatchObject({
    code: "CONNECTOR_FAILED",
    message: "the recording could not be read",
  });
  expect(opened.received).toEqual([]);
});

it("takes the URL out of a file, and refuses what is not to be trusted with it", async () => {
  const opened = await receiver();
  const sink = await webhookTo("", { url: undefined, urlFile: privateFile(`${opened.url}\n`) });
  await deliver(sink, recording());
  expect(opened.received).toHaveLength(1);
  expect(await sink.check()).toMatchObject([{ ok: true }]);
  await expect(
    webhookTo("", { url: undefined, urlFile: privateFile(opened.url, 0o644) }),
  ).rejects.toMatchObject({
    code: "SECRET_UNREADABLE",
    cure: expect.stringContaining("chmod 600"),
  });
});

it.each([
  ["http://hooks.example.org/path-that-is-secret", "CONFIG_INVALID"],
  ["ftp://127.0.0.1/path-that-is-secret", "CONFIG_INVALID"],
  ["path-that-is-secret", "CONFIG_INVALID"],
])("refuses the URL %s of a file, without repeating it", async (url, code) => {
  const failure = await failureOf(webhookTo("", { url: undefined, urlFile: privateFile(url) }));
  expect(failure.code).toBe(code);
  expect(JSON.stringify(failure)).not.toContain("that-is-secret");
});

it.each([[""], ["whsec_c2hvcnQ="], ["too short"]])("refuses the secret %j", async (secret) => {
  const failure = await failureOf(webhookTo("https://hooks.example.org/", {}, secret));
  expect(failure.code).toBe("SECRET_UNREADABLE");
});

it.each([[{ url: "https://a.example/", urlFile: "url" }], [{}], [{ url: "a.example" }]])(
  "refuses %j as settings",
  (written) => {
    const { success } = webhook.settings.safeParse({ type: "webhook", secretFile: "secret", ...written });
    expect(success).toBe(false);
  },
);
