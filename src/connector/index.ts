import type { IncomingRecording } from "../model/connector.ts";
import { archive } from "./archive/index.ts";
import { asterisk } from "./asterisk/index.ts";
import { command } from "./command/index.ts";
import { email } from "./email/index.ts";
import { folder } from "./folder/index.ts";
import { http } from "./http/index.ts";
import type { ConnectorType } from "./type.ts";
import { webhook } from "./webhook/index.ts";

export { TOKEN_NAME } from "./http/settings.ts";
export { type ConnectorType, connectorType } from "./type.ts";

/** Every kind of connector: a folder of this room and a line here. */
export const CONNECTORS: readonly ConnectorType[] = [
  archive,
  asterisk,
  command,
  email,
  folder,
  http,
  webhook,
];

/**
 * Every recording in a mail, for one room.
 *
 * @param nowMs - milliseconds since the epoch
 * @throws SottoError `AUDIO_NOT_AUDIO` where there is none; `MAIL_INVALID`
 */
export async function readMail(
  mail: Buffer,
  room: string,
  nowMs: number,
): Promise<(IncomingRecording & { source: { bytes: Uint8Array } })[]> {
  const { forRoom, recordingsOf } = await import("./email/recordings.ts");
  return recordingsOf(mail, nowMs).map((recording) => forRoom(recording, room));
}
