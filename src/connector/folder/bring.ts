import { parse } from "node:path";
import { type ErrorCode, SottoError } from "../../errors.ts";
import type { Intake } from "../../model/connector.ts";
import type { Found } from "./find.ts";
import { ChangedWhileRead, OpenedFile } from "./opened-file.ts";
import { type Fate, type Places, putAway } from "./put-away.ts";
import { troubleWith } from "./trouble.ts";

/** What became of a file: `changed` where it is not what was found, any more; an error where it should be tried later. */
export type Outcome = { fate: Fate; reason?: SottoError } | "changed" | { later: SottoError };

/** Hands one file over, and puts it away when that is done. Rejects only when `signal` says so. */
export async function bring(
  found: Found,
  intake: Intake,
  places: Places,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const opened = await OpenedFile.open(found);
    if (!opened) return "changed";
    await using file = opened;
    const sha256 = await file.sha256(signal);
    const reason = await handOver(file, sha256, found, intake);
    const fate = reason ? "refused" : "taken";
    await putAway(file, sha256, fate, places);
    return reason ? { fate, reason } : { fate };
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof ChangedWhileRead ? "changed" : { later: troubleWith(error) };
  }
}

/** Why it can never be sent; undefined when it was taken, now or before. */
async function handOver(
  file: OpenedFile,
  sha256: string,
  { path, mtimeMs }: Found,
  intake: Intake,
): Promise<SottoError | undefined> {
  const id = `sha256:${sha256}`;
  if (await intake.knows(id)) return undefined;
  const stream = file.stream(sha256);
  // whoever reads it hears of it too; nobody may be there yet, or any more
  let broken: Error | undefined;
  stream.on("error", (error) => {
    broken = error;
  });
  try {
    const about = { recordedMs: Math.round(mtimeMs), note: parse(path).name };
    await intake.take({ id, source: { stream }, about });
    return undefined;
  } catch (error) {
    if (broken instanceof ChangedWhileRead) throw broken;
    if (error instanceof SottoError && OF_THE_RECORDING.has(error.code)) return error;
    throw error;
  } finally {
    await closed(stream);
  }
}

/** The file must not be closed while it is read. */
async function closed(stream: ReturnType<OpenedFile["stream"]>): Promise<void> {
  stream.destroy();
  if (!stream.closed) await new Promise<void>((resolve) => stream.once("close", () => resolve()));
}

const OF_THE_RECORDING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "AUDIO_NOT_AUDIO",
  "AUDIO_EMPTY",
  "AUDIO_TOO_LARGE",
  "FFMPEG_FAILED",
]);
