// node echo-bot.mjs: says every voice message back, as an answer to it, with the account of ./sotto.yaml.
import { Sotto } from "sotto";

const sotto = await Sotto.open("sotto.yaml");
sotto.onVoice(async ({ roomId, eventId, stream }) => {
  await sotto.sendVoice(roomId, { stream: stream() }, { replyTo: eventId });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => sotto.close());
