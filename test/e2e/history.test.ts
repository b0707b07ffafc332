import { beforeAll, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { RoomEvent } from "../../src/model/event.ts";
import { acceptInvites } from "../../src/service/invites.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { eventsOf } from "../support/room-events.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { signListener } from "../witness/sign-listener.ts";

// MSC4268, both ends: who is invited gets the keys of the history that the room shares, from the inviter and nobody
// else.

const { newBot, newListener, synapse, proxy } = await openWorld();
let alice: Listener;
let host: Bot;
let voice: string;

beforeAll(async () => {
  [host, alice] = await Promise.all([newBot(), newListener()]);
  voice = await record("what-was-said-before.ogg", undefined, "-c:a", "libopus");
});

/** Whether a guest can read two messages of before the invitation: the host's own, and another member's. */
async function guestReads({ visibility }: { visibility: string }): Promise<boolean[]> {
  const { roomId } = await alice.request("create_room", { invite: [host.userId] });
  await synapse.request(
    "PUT",
    `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/m.room.history_visibility`,
    alice.session.accessToken,
    { history_visibility: visibility },
  );
  const guest = await newBot({ config: { acceptInvitesFrom: [host.userId] } });
  await using sotto = await Sotto.open(host.config);
  const own = await sotto.sendVoice(roomId, { path: voice });
  const heard = new Promise((resolve) => {
    sotto.onVoice((message) => resolve(message));
  });
  const { eventId } = await alice.request("send_voice", { roomId, file: voice, durationMs: 1500 });
  await heard;
  await (await sotto.client()).inviteUser(guest.userId, roomId);

  await using invited = await Sotto.open(guest.config);
  const { account } = invited;
  const handled = Promise.withResolvers<void>();
  account.sync.onBatch(async (batch) => {
    await acceptInvites(account, batch);
    if (batch.joined.some((room) => room.roomId === roomId)) handled.resolve();
  });
  account.sync.run().catch(handled.reject);
  await handled.promise;
  const events = (await eventsOf(synapse, roomId, alice.session.accessToken)) as unknown as RoomEvent[];
  const readable: boolean[] = [];
  for (const wanted of [own.eventId, eventId]) {
    const event = events.find(({ event_id }) => event_id === wanted)!;
    readable.push(
      await account.crypto.decrypt(roomId, event).then(
        () => true,
        () => false,
      ),
    );
  }
  return readable;
}

describe("who is invited", () => {
  it("reads what was said before, as far as each sender has marked it as shared history", async () => {
    // the other member's client marks nothing, so its key is not ours to hand on
    expect(await guestReads({ visibility: "shared" })).toEqual([true, false]);
  });

  it("does not read it, and no bundle leaves, where the history begins with the invitation", async () => {
    const before = proxy.requests.length;
    expect(await guestReads({ visibility: "invited" })).toEqual([false, false]);
    const uploads = proxy.requests.slice(before).filter(({ path }) => path.includes("/media/v3/upload"));
    expect(uploads).toHaveLength(1); // the recording
  });
});

describe("a room that is held", () => {
  const uploadsSince = (from: number) =>
    proxy.requests.slice(from).filter(({ path }) => path.includes("/media/v3/upload"));

  async function hostsRoom(config: Record<string, unknown>) {
    const own = await newBot({ config });
    const { roomId } = await alice.request("create_room", { invite: [own.userId] });
    const sotto = await Sotto.open(own.config);
    await sotto.sendVoice(roomId, { path: voice });
    return { sotto, roomId, client: await sotto.client() };
  }

  it("gives its history to nobody whom no person has accepted, and to who was, when they are invited again", async () => {
    const { sotto, roomId, client } = await hostsRoom({ trust: { newMembers: "hold" } });
    await using _ = sotto;
    const guest = await newListener();
    const from = proxy.requests.length;
    await alice.request("invite", { roomId, userId: guest.userId });
    await client.inviteUser(guest.userId, roomId);
    expect(uploadsSince(from)).toEqual([]);
    const fingerprint = guest.identity!.masterKey;
    expect(await sotto.trust.accept({ userId: guest.userId, fingerprint })).toMatchObject({
      newIn: [roomId],
    });
    await client.inviteUser(guest.userId, roomId);
    expect(uploadsSince(from)).toHaveLength(1);
  });

  it("gives its history to nobody while the identity of any member has changed", async () => {
    const { sotto, roomId, client } = await hostsRoom({});
    await using _ = sotto;
    const [guest, session] = [await newListener(), alice.session];
    await signListener({ baseUrl: synapse.baseUrl, ...session, password: alice.account.password });
    const from = proxy.requests.length;
    await client.inviteUser(guest.userId, roomId);
    expect(uploadsSince(from)).toEqual([]);
    const { masterKey } = await sotto.trust.status(alice.userId);
    await sotto.trust.accept({ userId: alice.userId, fingerprint: masterKey! });
    await client.inviteUser(guest.userId, roomId);
    expect(uploadsSince(from)).toHaveLength(1);
  });
});
