import { encodeVoice } from "../audio/index.ts";
import type { RawFormat } from "../model/raw-format.ts";
import type { SoundCare } from "../model/sound-care.ts";
import type { Call } from "./operations.ts";

/**
 * Starts what needs no store, so that it goes on while the store opens; resolves when its encoding has begun. A stream
 * is left alone: it can be read only once, and if another process turns out to hold the store, that one must read it.
 *
 * @param asDefault whether the config, which is read later, says nothing of encoding
 */
export async function begin(call: Call, asDefault: boolean): Promise<void> {
  const { operation, args, source, signal } = call;
  call.shortLived = true;
  if (operation !== "send" || !source || !("path" in source) || call.recording || !asDefault) return;
  const { raw, care } = args as { raw?: RawFormat; care?: SoundCare };
  const started = Promise.withResolvers<void>();
  call.recording = encodeVoice(source, {
    ...(raw && { raw }),
    ...(care && { care }),
    signal,
    shortLived: true,
    onStart: started.resolve,
  });
  call.recording.chunks.once("close", started.resolve); // a failure is told to whoever takes the chunks
  await started.promise;
}
