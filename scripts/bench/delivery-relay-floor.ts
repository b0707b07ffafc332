// The least that a relay can cost: for each event of one room that /sync brings, a download, an upload and a PUT into
// another one. Prints a line when it listens, and one for each event that is there.
import { BareClient } from "./bare-client.ts";

const { baseUrl, accessToken, from, to, contentUri, ciphertext, count } = JSON.parse(process.argv[2]!) as {
  baseUrl: string;
  accessToken: string;
  from: string;
  to: string;
  /** What each of the events is taken to name. */
  contentUri: string;
  ciphertext: number;
  count: number;
};

interface Answer {
  next_batch: string;
  rooms?: { join?: Record<string, { timeline: { events: { type: string }[] } }> };
}

const client = new BareClient(baseUrl, accessToken);
const filter = encodeURIComponent(
  JSON.stringify({ room: { rooms: [from] }, presence: { not_types: ["*"] } }),
);
const sync = async (parameters: string): Promise<Answer> =>
  JSON.parse((await client.ask("GET", `/_matrix/client/v3/sync?filter=${filter}${parameters}`)).toString());

// Synapse answers a first sync from a cache of two minutes: the second one brings it up to now
const first = await sync("");
let since = (await sync(`&timeout=0&since=${first.next_batch}`)).next_batch;
console.log();
for (let relayed = 0; relayed < count; ) {
  const { next_batch, rooms } = await sync(`&timeout=30000&since=${since}`);
  since = next_batch;
  for (const { type } of rooms?.join?.[from]?.timeline.events ?? []) {
    if (type !== "m.room.encrypted") continue;
    const path = contentUri.slice("mxc://".length);
    await client.upload(await client.ask("GET", `/_matrix/client/v1/media/download/${path}`));
    await client.putEvent(to, ciphertext);
    console.log();
    relayed += 1;
  }
}
client.close();
