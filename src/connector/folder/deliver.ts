import { join } from "node:path";
import { addAbortSignal } from "node:stream";
import type { OutgoingVoice } from "../../model/connector.ts";
import { createWholeFile, isThere, writeWholeFile } from "../../whole-file.ts";
import { voiceName } from "../voice-name.ts";

/**
 * Writes a voice message into a folder, whole or not at all. A file that is there is not touched: the event has come a
 * second time. Its description is there before it, so that whoever sees the recording finds both.
 *
 * @throws an error of the recording or of the file system as it is
 */
export async function deliverInto(
  folder: string,
  { stream, ...about }: OutgoingVoice,
  signal: AbortSignal,
  options: { describe: boolean },
): Promise<void> {
  signal.throwIfAborted();
  const name = voiceName(about);
  const path = join(folder, `${name}.${about.extension}`);
  if (await isThere(path)) return;
  await using whole = await createWholeFile(path);
  for await (const chunk of addAbortSignal(signal, stream()) as AsyncIterable<Buffer>) {
    await whole.file.writeFile(chunk);
  }
  signal.throwIfAborted();
  if (options.describe) {
    const description = { ...about, file: `${name}.${about.extension}` };
    await writeWholeFile(join(folder, `${name}.json`), `${JSON.stringify(description, undefined, 2)}\n`);
  }
  await whole.finish();
}
