import { randomBytes } from "node:crypto";
import { addAbortSignal } from "node:stream";
import type { OutgoingVoice } from "../../model/connector.ts";

/**
 * A voice message as `multipart/form-data` with two fields: `message`, what is known of it as JSON, and `audio`, the
 * recording. So one signature covers both, and what web frameworks have for uploads reads it.
 * https://www.rfc-editor.org/rfc/rfc7578
 */
export class Form {
  readonly contentType: string;
  readonly contentLength: number;
  readonly #voice: OutgoingVoice;
  readonly #before: Buffer;
  readonly #after: Buffer;

  constructor(voice: OutgoingVoice) {
    const boundary = `sotto-${randomBytes(18).toString("hex")}`;
    this.#voice = voice;
    this.#before = Buffer.from(
      [
        ...[`--${boundary}`, 'Content-Disposition: form-data; name="message"'],
        ...["Content-Type: application/json", "", JSON.stringify(messageOf(voice))],
        ...[
          `--${boundary}`,
          `Content-Disposition: form-data; name="audio"; filename="voice.${voice.extension}"`,
        ],
        ...[`Content-Type: ${voice.mimetype}`, "", ""],
      ].join("\r\n"),
    );
    this.#after = Buffer.from(`\r\n--${boundary}--\r\n`);
    this.contentType = `multipart/form-data; boundary=${boundary}`;
    this.contentLength = this.#before.length + voice.size + this.#after.length;
  }

  /**
   * Its bytes, the same every time; exactly as many as `contentLength`.
   *
   * @throws what the recording's own stream throws
   */
  async *chunks(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield this.#before;
    let leftBytes = this.#voice.size;
    for await (const chunk of addAbortSignal(signal, this.#voice.stream()) as AsyncIterable<Uint8Array>) {
      leftBytes -= chunk.length;
      if (leftBytes < 0) break;
      yield chunk;
    }
    if (leftBytes !== 0) throw new Error("the recording is not as long as was said");
    yield this.#after;
  }
}

/** The shape that Standard Webhooks recommend. */
function messageOf(voice: OutgoingVoice): unknown {
  const { eventId, roomId, sender, senderDeviceId, trust, unproven } = voice;
  const { sentMs, durationMs, waveform, mimetype, extension, size, isRelayed } = voice;
  const sent = new Date(sentMs);
  return {
    type: "voice.received",
    // the sender's homeserver may say anything
    timestamp: Number.isNaN(sent.getTime()) ? undefined : sent.toISOString(),
    data: {
      ...{ eventId, roomId, sender, senderDeviceId, trust, unproven },
      ...{ sentMs, durationMs, waveform, mimetype, extension, size, isRelayed },
    },
  };
}
