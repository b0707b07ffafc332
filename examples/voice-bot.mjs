// node voice-bot.mjs SOUNDS: whoever writes "!bell" into an encrypted room hears SOUNDS/bell.ogg.
import { readdir } from "node:fs/promises";
import { join, parse } from "node:path";
import { Sotto } from "sotto";

const sounds = process.argv[2];
const sotto = await Sotto.open("sotto.yaml");
const client = await sotto.client();
client.on("room.message", async (roomId, { event_id: replyTo, sender, content: { body } }) => {
  const file = (await readdir(sounds)).find((name) => body === `!${parse(name).name}`);
  if (!file || sender === sotto.account.config.account.userId) return;
  await sotto.sendVoice(roomId, { path: join(sounds, file) }, { replyTo });
});
await client.start();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => sotto.close());
