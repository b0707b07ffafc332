import { encodeVoice } from "../audio/index.ts";
import type { Call } from "./operations.ts";

/**
 * Starts what needs no store, so that it goes on while the store opens. A stream is left alone: it can be read only
 * once, and if another process turns out to hold the store, that one must read it.
 */
export function begin(call: Call): void {
  const { operation, source, signal } = call;
  if (operation !== "send" || !source || !("path" in source) || call.clip) return;
  call.clip = encodeVoice(source, { signal });
  call.clip.catch(() => undefined); // whoever awaits it hears of it
}
