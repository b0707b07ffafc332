// The least a cold send can cost: a bare Node process that makes the requests `sotto send` makes, with random bytes in
// place of ciphertext. JavaScript, so that no type has to be stripped.
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const { baseUrl, accessToken, roomId, filter, uploadBytes, ciphertext, tokenFile, record, bare } = JSON.parse(
  process.argv[2],
);
// an import of node:http reads all its exports, and one of them loads undici: a fifth of this program's time
const { Agent, request } = bare ? process.getBuiltinModule("node:http") : await import("node:http");
const agent = new Agent({ keepAlive: true });

/** @returns {Promise<Record<string, string>>} */
function ask(method, path, contentType, body) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${accessToken}` };
    if (body) Object.assign(headers, { "content-type": contentType, "content-length": body.length });
    const sent = request(baseUrl + path, { agent, method, headers }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function upload() {
  await ask("GET", "/_matrix/client/v1/media/config");
  await ask("POST", "/_matrix/media/v3/upload", "application/octet-stream", randomBytes(uploadBytes));
}

/** What shows at each start that no copy of the store is in use. */
async function keepRecord() {
  await ask("PUT", record, "application/json", Buffer.from(JSON.stringify({ instance: randomUUID() })));
  await ask("GET", record);
}

function sinceThen() {
  try {
    return `&since=${readFileSync(tokenFile, "utf8")}`;
  } catch {
    return "";
  }
}

const query = `timeout=0&set_presence=offline&filter=${encodeURIComponent(filter)}${sinceThen()}`;
const { next_batch: token } = await ask("GET", `/_matrix/client/v3/sync?${query}`);
writeFileSync(tokenFile, token);
await Promise.all([upload(), record && keepRecord()]);
const content = {
  algorithm: "m.megolm.v1.aes-sha2",
  ciphertext: randomBytes((ciphertext * 3) / 4).toString("base64"),
  session_id: randomBytes(32).toString("base64"),
};
const room = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`;
const put = `${room}/send/m.room.encrypted/${randomUUID()}`;
const sent = await ask("PUT", put, "application/json", Buffer.from(JSON.stringify(content)));
console.log(sent.event_id);
agent.destroy();
