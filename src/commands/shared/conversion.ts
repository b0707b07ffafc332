import { findFfmpeg, requireSandbox, TARGET_FORMATS, type TargetFormat } from "../../audio/index.ts";
import type { ConfigSource } from "../../config/data-directory.ts";
import { SottoError } from "../../errors.ts";
import { audioOptions } from "../../service/audio-options.ts";
import type { Conversion } from "../../service/received-file.ts";

/** Telephones begin here; nothing in a voice message lies above. */
const [MIN_RATE, MAX_RATE] = [8000, 48_000];

/** Reads `wav`, `wav:16000`, `mp3`… Throws `USAGE`. */
export function targetFormat(text: string): TargetFormat {
  const [name, rate, ...rest] = text.split(":");
  const format = TARGET_FORMATS.find((known) => known === name);
  const sampleRate = Number(rate);
  const isRate =
    rate === undefined ||
    (format === "wav" && /^\d+$/.test(rate) && sampleRate >= MIN_RATE && sampleRate <= MAX_RATE);
  if (!format || !isRate || rest.length > 0) {
    throw new SottoError("USAGE", `--format cannot be "${text}"`, {
      cure: `name one of ${TARGET_FORMATS.join(", ")}, or wav:RATE with ${MIN_RATE} to ${MAX_RATE} Hz`,
    });
  }
  return { format, ...(rate !== undefined && { sampleRate }) };
}

/**
 * Ready to convert: the recording's decoder stands behind what the config demands of it.
 *
 * @throws SottoError `FFMPEG_MISSING`, `SANDBOX_MISSING`, `CONFIG_*`
 */
export async function conversionTo(target: TargetFormat, source: ConfigSource): Promise<Conversion> {
  const { loadConfig } = await import("../../config/load.ts");
  const options = audioOptions(loadConfig(source));
  if (target.format !== "ogg") await findFfmpeg();
  if (options.requireSandbox) await requireSandbox();
  return { target, options };
}
