// The least that an audit can cost: the same requests, as many at a time, over kept-alive connections, and nothing done
// with the answers.
import { Agent, type OutgoingHttpHeaders, request } from "node:http";

const { baseUrl, accessToken, rooms, users, lanes, depth, batch } = JSON.parse(process.argv[2]!) as {
  baseUrl: string;
  accessToken: string;
  rooms: string[];
  users: string[];
  lanes: number;
  depth: number;
  batch: number;
};
const agent = new Agent({ keepAlive: true });

function ask(method: string, path: string, body?: Buffer): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const headers: OutgoingHttpHeaders = { authorization: `Bearer ${accessToken}` };
    if (body) Object.assign(headers, { "content-type": "application/json", "content-length": body.length });
    const sent = request(baseUrl + path, { agent, method, headers }, (answer) => {
      answer.resume();
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode} of ${path}`)),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const lane = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const startMs = performance.now();
await ask("GET", "/_matrix/client/v3/joined_rooms");
await each(rooms, async (roomId) => {
  const room = encodeURIComponent(roomId);
  await ask("GET", `/_matrix/client/v3/rooms/${room}/state`);
  await ask("GET", `/_matrix/client/v3/rooms/${room}/messages?dir=b&limit=${depth}`);
  await ask("GET", `/_matrix/client/v3/directory/list/room/${room}`);
});
const batches: string[][] = [];
for (let at = 0; at < users.length; at += batch) batches.push(users.slice(at, at + batch));
await each(batches, async (some) => {
  const asked = { timeout: 10_000, device_keys: Object.fromEntries(some.map((userId) => [userId, []])) };
  await ask("POST", "/_matrix/client/v3/keys/query?timeout=10000", Buffer.from(JSON.stringify(asked)));
});
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ ms: performance.now() - startMs, rssMb: maxRSS / 1024, unread: 0 }));
agent.destroy();
