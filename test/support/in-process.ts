import { type SendResult, Sotto } from "../../src/index.ts";
import type { DecryptedEvent } from "../../src/model/event.ts";
import type { Bot } from "./bot.ts";

// What a test needs of a bot on its way to what it looks at: the SDK on the bot's store, opened and closed again like a
// command, without the half second that a process takes to start.

/** Sends one voice message. */
export async function sendHere(bot: Bot, roomId: string, path: string): Promise<SendResult> {
  await using sotto = await Sotto.open(bot.config);
  return await sotto.sendVoice(roomId, { path });
}

/** Whether the account's identity has signed the device, as `sotto identity status` finds. */
export async function isSigned(bot: Bot): Promise<boolean> {
  await using sotto = await Sotto.open(bot.config);
  return (await sotto.identity.status()).deviceSigned;
}

/** An event that waits in the inbox, as the engine decrypts it, whatever its type. */
export async function decryptedBy(bot: Bot, roomId: string, eventId: string): Promise<DecryptedEvent> {
  await using sotto = await Sotto.open(bot.config);
  const { sync, store, crypto } = sotto.account;
  await sync.toLiveEnd();
  const { event } = store.inbox.waiting().find((waiting) => waiting.event.event_id === eventId)!;
  return await crypto.decrypt(roomId, event);
}
