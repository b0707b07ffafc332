import { beforeAll, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { isSend, isSync, syncAfterUpload } from "../support/room-events.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// A homeserver that refuses every share of a key. Each try tells it the store's number first, which comes back in the
// next answer of `/sync`: that must not be a reason for another try.

const { newBot, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let voice: string;

beforeAll(async () => {
  [bot, alice] = await Promise.all([newBot(), newListener()]);
  voice = await record("nobody-gets-its-key.ogg", undefined, "-c:a", "libopus");
});

/** More than a waiting message may be tried for within the time that a test has: the ninth pause is of four minutes. */
const ANSWERS = 10;
const isClaim = ({ path }: Pick<RecordedRequest, "path">) => path.includes("/keys/claim");

it("is asked rarely, whatever its answers tell, and gets the message as soon as it takes the key", async () => {
  const { roomId } = await alice.request("create_room", { invite: [bot.userId] });
  const endRefusal = proxy.intercept(isClaim, { status: 403, body: { errcode: "M_FORBIDDEN" } });
  const reached = proxy.next(syncAfterUpload(), "hang before");
  const sending = bot.start(["send", voice, "--room", roomId]);
  await reached;
  await sending.end("SIGKILL");
  expect(jobsOf(bot).map(({ state }) => state)).toEqual(["uploaded"]);

  const from = proxy.requests.length;
  const service = bot.start(["run"]);
  await service.says("an accepted message still waits");
  for (let answer = 0; answer < ANSWERS; answer += 1) {
    const next = proxy.arrival((request) => isSync(request) && request.path.includes("timeout=30000"));
    // in clear: an encrypted one would bring an Olm session along, and nothing need be claimed any more
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${answer}`;
    await synapse.request("PUT", path, alice.session.accessToken, { msgtype: "m.text", body: "answer" });
    await next;
  }
  expect(proxy.requests.slice(from).filter(isClaim).length).toBeLessThan(ANSWERS);

  endRefusal();
  const put = proxy.next(isSend);
  const path = `/_matrix/client/v3/profile/${encodeURIComponent(alice.userId)}/displayname`;
  await synapse.request("PUT", path, alice.session.accessToken, { displayname: "Alice, changed" });
  expect((await put).status).toBe(200);
  await service.end("SIGTERM");
  expect(jobsOf(bot).map(({ state }) => state)).toEqual(["sent"]);
});
