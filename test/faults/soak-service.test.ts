import { join } from "node:path";
import { expect, it } from "vitest";
import { listRecordings } from "../support/list.ts";
import { ListService } from "../support/list-service.ts";
import { openWorld } from "../support/world.ts";

// One life of a service, with the real engine and a real homeserver: what it holds on to after many messages is what it
// held after the first ones.

const { folder, newConversation, synapse } = await openWorld();
const MESSAGES = 700;
const STEP = 100;
/** The first ones fill caches, and what the start has left goes with a few collections. */
const WARM = 300;
/** Less than the recording, the event and the job of any take together. */
const MOST_BYTES_EACH = 2_000;
const MOST_MORE = 5;

interface Held {
  bytes: number;
  handles: string[];
  files: number;
}

it(`${MESSAGES} messages in one life: memory, handles and open files are flat`, async () => {
  const { bot, roomId } = await newConversation();
  await synapse.request("POST", `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, bot.accessToken, {});
  const service = new ListService(bot, [roomId]);
  const recordings = listRecordings(join(folder, "list"), MESSAGES, [roomId]);
  service.release(recordings.slice(0, STEP));
  const life = service.start();
  for (let sent = STEP; sent <= MESSAGES; sent += STEP) {
    await life.prints(`idle ${sent}\n`);
    life.types("measure\n");
    await life.prints(`held after ${sent} `);
    service.release(recordings.slice(0, sent + STEP));
    if (sent < MESSAGES) life.types("more\n");
  }
  const { code, stdout, stderr } = await life.end("SIGTERM");
  expect(code, stderr).toBe(0);
  const held = [...stdout.matchAll(/^held after \d+ (.*)$/gm)].map(([, json]) => JSON.parse(json!) as Held);
  console.log(
    `held after each ${STEP}: ${held.map(({ bytes }) => (bytes / 1024 ** 2).toFixed(2)).join(" ")} MB`,
  );
  console.log(`open files: ${held.map(({ files }) => files).join(" ")}`);
  expect(held).toHaveLength(MESSAGES / STEP);
  const [warm, last] = [held[WARM / STEP - 1]!, held.at(-1)!];
  expect((last.bytes - warm.bytes) / (MESSAGES - WARM)).toBeLessThan(MOST_BYTES_EACH);
  // a connection may be there, or not just now; what stayed for each message would be hundreds
  expect(last.files - warm.files).toBeLessThan(MOST_MORE);
  expect(last.handles.length - warm.handles.length).toBeLessThan(MOST_MORE);
}, 3_600_000);
