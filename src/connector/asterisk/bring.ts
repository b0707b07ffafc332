import { isPassing, SottoError, toSottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Intake } from "../../model/connector.ts";
import { provenanceOf } from "./message-file.ts";
import { identityOf, type OpenMessage, openMessage, type Sighting } from "./spool.ts";

/** `refused` can never be sent, `failed` is to be tried again. */
export type Outcome = "done" | "refused" | "incomplete" | "failed";

/** Hands one message to the intake, unless it has it. Never rejects: what went wrong is logged, without who called. */
export async function bring(sighting: Sighting, intake: Intake, logger: Logger): Promise<Outcome> {
  try {
    await using message = await openMessage(sighting);
    if (message) return await hand(message, sighting, intake);
    return "incomplete";
  } catch (thrown) {
    const error = toSottoError(thrown);
    const isRefused = error.code.startsWith("AUDIO_") && !isPassing(error);
    logger.warn(isRefused ? "a voicemail cannot be sent" : "a voicemail is tried again", {
      folder: sighting.folder.name,
      code: error.code,
      // an error of the file system names the file, and with it the mailbox
      reason: thrown instanceof SottoError ? thrown.message : (thrown as NodeJS.ErrnoException).code,
    });
    return isRefused ? "refused" : "failed";
  }
}

async function hand(message: OpenMessage, { folder }: Sighting, intake: Intake): Promise<"done"> {
  const { id, before } = await identityOf(message, folder.mailbox);
  if ((await intake.knows(id)) || (await intake.knows(before))) return "done";
  const stream = message.audio.createReadStream({ start: 0, autoClose: false });
  try {
    await intake.take({
      id,
      source: { stream },
      ...(message.format.raw && { raw: message.format.raw }),
      about: provenanceOf(message.text, folder),
    });
  } finally {
    stream.destroy();
  }
  return "done";
}
