import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { encodeVoice } from "../../src/audio/index.ts";
import type { VoiceStream } from "../../src/model/recording.ts";

/** A clip that is made once and sent many times: what a send costs besides. */
export async function readyClip(bytes: Uint8Array): Promise<() => VoiceStream> {
  const { chunks, facts } = encodeVoice({ bytes });
  const clip = await buffer(chunks);
  await facts;
  return () => ({ chunks: Readable.from([clip]), facts, foretold: Promise.resolve({}) });
}
