// The least that warm sends can cost: an upload and a PUT of the same sizes over kept-alive connections, random bytes
// in place of ciphertext.
import { randomBytes } from "node:crypto";
import { BareClient } from "./bare-client.ts";
import { reportLoad } from "./report-load.ts";

const { baseUrl, accessToken, rooms, count, inFlight, uploadBytes, ciphertext } = JSON.parse(
  process.argv[2]!,
) as {
  baseUrl: string;
  accessToken: string;
  rooms: string[];
  count: number;
  inFlight: number;
  uploadBytes: number;
  ciphertext: number;
};
const client = new BareClient(baseUrl, accessToken);
let sent = 0;
await reportLoad(count, inFlight, async () => {
  await client.upload(randomBytes(uploadBytes));
  await client.putEvent(rooms[sent++ % rooms.length]!, ciphertext);
});
client.close();
