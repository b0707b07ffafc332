// The least that warm sends can cost: an upload and a PUT of the same sizes over kept-alive connections, random bytes
// in place of ciphertext.
import { randomBytes, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
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
const agent = new Agent({ keepAlive: true });

function ask(method: string, path: string, contentType: string, body: Buffer): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${accessToken}`,
      "content-type": contentType,
      "content-length": body.length,
    };
    const sent = request(baseUrl + path, { agent, method, headers }, (answer) => {
      answer.resume();
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`)),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

let sent = 0;
await reportLoad(count, inFlight, async () => {
  await ask("POST", "/_matrix/media/v3/upload", "application/octet-stream", randomBytes(uploadBytes));
  const content = {
    algorithm: "m.megolm.v1.aes-sha2",
    ciphertext: randomBytes((ciphertext * 3) / 4).toString("base64"),
    session_id: randomBytes(32).toString("base64"),
  };
  const room = `/_matrix/client/v3/rooms/${encodeURIComponent(rooms[sent++ % rooms.length]!)}`;
  const put = `${room}/send/m.room.encrypted/${randomUUID()}`;
  await ask("PUT", put, "application/json", Buffer.from(JSON.stringify(content)));
});
agent.destroy();
