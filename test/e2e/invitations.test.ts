import { beforeAll, expect, it, vi } from "vitest";
import type { Bot } from "../support/bot.ts";
import { ODD } from "../support/garbage.ts";
import { roomPath } from "../support/patrolled-rooms.ts";
import { isSync } from "../support/room-events.ts";
import { type Listener, openWorld } from "../support/world.ts";

// An invitation from another homeserver brings what that one has written of the room; it is not somebody else's word.

const { newBot, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let friend: Listener;
let stranger: Listener;

beforeAll(async () => {
  [friend, stranger] = await Promise.all([newListener(), newListener()]);
  bot = await newBot({ config: { acceptInvitesFrom: [friend.userId] } });
});

interface Invited {
  rooms?: { invite?: Record<string, { invite_state: { events: unknown[] } }> };
}
const membership = async (by: Listener, roomId: string): Promise<string> => {
  const path = roomPath(roomId, `state/m.room.member/${bot.userId}`);
  const answer = await synapse.request<{ membership: string }>("GET", path, by.session.accessToken);
  return answer.membership;
};
const content = { membership: "invite" };
const forged = (sender: unknown) => ({ type: "m.room.member", state_key: bot.userId, sender, content });

it("is accepted from whom the config names, whatever else stands beside it, and not in their name", async () => {
  const { roomId: theirs } = await stranger.request("create_room", { invite: [bot.userId] });
  const beside: Record<string, unknown[]> = { [theirs]: [forged(friend.userId)] };
  proxy.intercept(isSync, {
    rewrite(answer) {
      for (const [roomId, { invite_state }] of Object.entries((answer as Invited).rooms?.invite ?? {}))
        invite_state.events.unshift(
          ...(beside[roomId] ?? [...ODD, ...ODD.filter((sender) => typeof sender !== "string").map(forged)]),
        );
      return answer;
    },
  });
  const service = bot.start(["run"]);
  await service.says('"message":"running"');
  const { roomId } = await friend.request("create_room", { invite: [bot.userId] });
  await vi.waitFor(async () => expect(await membership(friend, roomId)).toBe("join"), { timeout: 60_000 });
  expect(await membership(stranger, theirs)).toBe("invite");
  expect((await service.end("SIGTERM")).code).toBe(0);
});
