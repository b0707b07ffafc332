import { randomBytes } from "node:crypto";
import type { SentCanary } from "../../src/service/prove/canary.ts";

/** What `prove` looks for, made up: nobody has sent it, and nothing else holds any of it. */
export function madeUpCanary(about: Partial<SentCanary> = {}): SentCanary {
  const token = () => randomBytes(16).toString("hex");
  return {
    ...{ roomId: "!room", eventId: "$event", mxcUri: "mxc://example.org/media" },
    ...{ sender: "@sotto:example.org", sentMs: 0 },
    title: `Sotto canary ${token()}`,
    mimetype: `audio/ogg; canary=${token()}`,
    waveform: Array.from({ length: 100 }, () => randomBytes(2).readUInt16LE() % 1025),
    recording: randomBytes(1_500).toString("base64"),
    ...about,
  };
}
