import { readFile } from "node:fs/promises";
import { sendVoice } from "../../src/service/pipeline.ts";
import { Sotto } from "../../src/service/sotto.ts";
import { readyClip } from "./ready-clip.ts";
import { reportLoad } from "./report-load.ts";

// Warm sends through the SDK. `clip` says whether the clip is made once, as the floor's bytes are, or for each message
// from a ready recording, which is decoded for its waveform.

const { config, rooms, recording, count, inFlight, clip } = JSON.parse(process.argv[2]!) as {
  config: string;
  rooms: string[];
  recording: string;
  count: number;
  inFlight: number;
  clip: boolean;
};

await using sotto = await Sotto.open(config);
const running = sotto.account.sync.run(); // as in a service: what the server has for us comes by itself
running.catch((error) => {
  throw error;
});
const bytes = await readFile(recording);
const made = await readyClip(bytes);
let sent = 0;
await reportLoad(count, inFlight, () => {
  const room = rooms[sent++ % rooms.length]!;
  return clip ? sendVoice(sotto.account, room, made()) : sotto.sendVoice(room, { bytes });
});
