import { SottoError } from "../../errors.ts";
import type { Connector, ConnectorCheck, ConnectorContext, OutgoingVoice } from "../../model/connector.ts";
import { deliveryError } from "../delivery-error.ts";
import { readSecretFile } from "../secret-file.ts";
import { Form } from "./form.ts";
import { isSuccess, NoAnswer, post } from "./post.ts";
import { refusalOf } from "./refusal.ts";
import type { WebhookSettings } from "./settings.ts";
import { parseSecrets, Signature, webhookId } from "./signature.ts";
import { parseTarget } from "./target.ts";

/** @throws SottoError `SECRET_UNREADABLE`, `CONFIG_INVALID` */
export const makeWebhook = (settings: WebhookSettings, context: ConnectorContext): Connector =>
  new Webhook(settings, context);

class Webhook implements Connector {
  readonly #url: URL;
  readonly #secrets: Uint8Array[];
  readonly #timeoutMs: number;
  /** How the last attempt ended. */
  #last: { failure?: SottoError } | undefined;

  constructor({ url, urlFile, secretFile, timeout }: WebhookSettings, { path }: ConnectorContext) {
    this.#url = parseTarget(url ?? readSecretFile(path(urlFile!)));
    this.#secrets = parseSecrets(readSecretFile(path(secretFile)));
    this.#timeoutMs = timeout;
  }

  /** One attempt. The recording is read twice: to sign it, and to send it. */
  async deliver(voice: OutgoingVoice, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      await this.#post(voice, signal);
      this.#last = {};
    } catch (thrown) {
      const failure = deliveryError(failureOf(thrown), signal);
      if (!signal.aborted) this.#last = { failure };
      throw failure;
    }
  }

  async check(): Promise<ConnectorCheck[]> {
    if (!this.#last) return [{ ok: true, message: "nothing was posted yet" }];
    const { failure } = this.#last;
    if (!failure) return [{ ok: true, message: "the last message was taken" }];
    return [{ ok: false, message: failure.message, cure: failure.cure }];
  }

  async #post(voice: OutgoingVoice, signal: AbortSignal): Promise<void> {
    const form = new Form(voice);
    const id = webhookId(voice.eventId);
    const timestamp = Math.floor(Date.now() / 1_000);
    const signature = new Signature(this.#secrets, id, timestamp);
    for await (const chunk of form.chunks(signal)) signature.update(chunk);
    const { status, retryAfter } = await post({
      url: this.#url,
      headers: {
        "user-agent": "Sotto",
        "content-type": form.contentType,
        "content-length": form.contentLength,
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature.header(),
      },
      body: (until) => form.chunks(until),
      timeoutMs: this.#timeoutMs,
      signal,
    });
    if (!isSuccess(status)) throw refusalOf(status, retryAfter, Date.now());
  }
}

/** What is not known to be for good means later. */
function failureOf(thrown: unknown): SottoError {
  if (thrown instanceof SottoError) return thrown;
  if (thrown instanceof NoAnswer) {
    return new SottoError("CONNECTOR_FAILED", `the receiver gave no answer (${thrown.reason})`, {
      cure: "check the webhook's URL, and that the receiver runs; the message waits and is tried again",
    });
  }
  return new SottoError("CONNECTOR_FAILED", "the recording could not be read", { cause: thrown });
}
