import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, it, test } from "vitest";
import { type SinkBench, sinkContract } from "../../src/connector/contract/index.ts";
import { broken, recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { webhook } from "../../src/connector/webhook/index.ts";
import { parseSecrets, Signature } from "../../src/connector/webhook/signature.ts";
import type { OutgoingVoice } from "../../src/model/connector.ts";
import type { EventId } from "../../src/model/ids.ts";
import { hasOpenssl, selfSigned } from "../matrix/tls-server.ts";
import { isSignedWith } from "../support/webhook-receiver.ts";
import {
  deliver,
  failureOf,
  privateFile,
  receiver,
  recording,
  SECRET,
  WRITTEN_SECRET,
  webhookTo,
} from "../support/webhook-sink.ts";

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
