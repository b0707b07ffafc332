import { randomBytes } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { recordingOf, voiceOf } from "../../src/connector/contract/samples.ts";
import { webhook } from "../../src/connector/webhook/index.ts";
import { SottoError } from "../../src/errors.ts";
import { silentLogger } from "../../src/log.ts";
import type { Connector, ConnectorContext, OutgoingVoice } from "../../src/model/connector.ts";
import { temporaryDirectory } from "./temporary.ts";
import { WebhookReceiver } from "./webhook-receiver.ts";

type Sink = Connector & Required<Pick<Connector, "deliver" | "check">>;

export const SECRET = randomBytes(32);
export const WRITTEN_SECRET = `whsec_${SECRET.toString("base64")}`;

export async function webhookTo(
  url: string,
  written: object = {},
  secrets = `${WRITTEN_SECRET}\n`,
): Promise<Sink> {
  const settings = webhook.settings.parse({
    type: "webhook",
    url,
    secretFile: privateFile(secrets),
    ...written,
  });
  const context = { name: "hook", logger: silentLogger, path: (path: string) => path } as ConnectorContext;
  return (await webhook.load())(settings, context) as Sink;
}

export function privateFile(content: string, mode = 0o600): string {
  const file = join(temporaryDirectory(), "file");
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

export async function receiver(): Promise<WebhookReceiver> {
  const opened = await WebhookReceiver.open();
  onTestFinished(() => opened[Symbol.asyncDispose]());
  return opened;
}

export const deliver = (
  sink: Sink,
  voice: OutgoingVoice,
  signal = new AbortController().signal,
): Promise<void> => sink.deliver(voice, signal);

export const recording = (bytes = recordingOf()): OutgoingVoice => voiceOf(bytes);

export async function failureOf(delivery: Promise<unknown>): Promise<SottoError> {
  const failure = await delivery.catch((error) => error);
  expect(failure).toBeInstanceOf(SottoError);
  return failure as SottoError;
}
