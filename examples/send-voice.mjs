// node send-voice.mjs <room> <recording>: sends a voice message with the account of ./sotto.yaml.
import { Sotto } from "sotto";

const [room, recording] = process.argv.slice(2);
const sotto = await Sotto.open("sotto.yaml");
try {
  const { eventId, sharedWith } = await sotto.sendVoice(room, { path: recording });
  console.log(`${eventId}: ${sharedWith.length} devices can play it`);
} finally {
  await sotto.close();
}
