import type { IncomingRecording } from "../model/connector.ts";
import { archive } from "./archive/index.ts";
import { asterisk } from "./asterisk/index.ts";
import { command } from "./command/index.ts";
import type { tellByCommand as ByCommand } from "./command/tell.ts";
import { email } from "./email/index.ts";
import { folder } from "./folder/index.ts";
import { http } from "./http/index.ts";
import type { ConnectorType } from "./type.ts";
import { webhook } from "./webhook/index.ts";
import type { tellByWebhook as ByWebhook, readTarget } from "./webhook/tell.ts";

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

/** Words for people, by a program of the operator's; see command/tell.ts. */
export async function tellByCommand(...telling: Parameters<typeof ByCommand>): Promise<void> {
  return (await import("./command/tell.ts")).tellByCommand(...telling);
}

/** The same by a webhook; see webhook/tell.ts. */
export async function tellByWebhook(...telling: Parameters<typeof ByWebhook>): Promise<void> {
  return (await import("./webhook/tell.ts")).tellByWebhook(...telling);
}

/** @throws SottoError where what a webhook needs cannot be read */
export async function requireWebhookTarget(...settings: Parameters<typeof readTarget>): Promise<void> {
  (await import("./webhook/tell.ts")).readTarget(...settings);
}

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
