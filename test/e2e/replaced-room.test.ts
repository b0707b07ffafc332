import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { RouteAccepted } from "../../src/service/room/accept-route.ts";
import { record } from "../support/recordings.ts";
import { runningService } from "../support/running-service.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// A room that is replaced while messages are on their way into it.

const { folder, newConversation, newListener, synapse } = await openWorld();
let wav: Buffer;

beforeAll(async () => {
  wav = await readFile(await record("to-the-new-room.wav"));
});

const PATIENCE = { timeout: 30_000, interval: 50 };
const MEGOLM = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };

const request = <T>(by: Listener, method: "PUT" | "POST", rest: string, body: object) =>
  synapse.request<T>(method, `/_matrix/client/v3/${rest}`, by.session.accessToken, body);

/** A room that says that it replaces the other, which is told so too. */
async function replace(
  roomId: string,
  by: Listener,
  { maker = by, guests = [] as string[], of = roomId } = {},
) {
  const { room_id: successor } = await request<{ room_id: string }>(maker, "POST", "createRoom", {
    preset: "private_chat",
    invite: guests,
    creation_content: { predecessor: { room_id: of } },
    initial_state: [MEGOLM],
  });
  const tombstone = { body: "moved", replacement_room: successor };
  await request(by, "PUT", `rooms/${encodeURIComponent(roomId)}/state/m.room.tombstone/`, tombstone);
  return successor;
}

type Service = Awaited<ReturnType<typeof runningService>>;

const checkOf = async ({ service }: Service, roomId: string) =>
  (await service.relay.checks()).find(({ connector }) => connector === roomId);

const isReplaced = (service: Service, roomId: string) =>
  vi.waitFor(
    async () => expect(await checkOf(service, roomId)).toMatchObject({ ok: false, message: /replaced/ }),
    PATIENCE,
  );

const sent = (service: Service, jobs: readonly number[]): Promise<string[]> =>
  vi.waitFor(() => {
    const found = jobs.map((job) => service.store.jobs.get(job)!);
    for (const { state } of found) expect(state).toBe("sent");
    return found.map(({ roomId }) => roomId);
  }, PATIENCE);

describe("a room of a route that is replaced", () => {
  it("by its own maker, with an invitation: what comes goes into the new one, also out of it", async () => {
    const { bot, listener: alice, roomId } = await newConversation();
    await using service = await runningService(bot, {
      routes: [
        { from: "hand", to: roomId },
        { from: roomId, to: "hand" },
      ],
    });
    const { hand } = service;
    await sent(service, (await hand.intake.take({ id: "before", source: { bytes: wav } })).jobs);
    const successor = await replace(roomId, alice, { guests: [bot.userId] });
    await vi.waitFor(() => expect(service.store.successors.current(roomId)).toBe(successor), PATIENCE);
    const { jobs } = await hand.intake.take({ id: "after", source: { bytes: wav } });
    expect(await sent(service, jobs)).toEqual([successor]);
    const { eventId } = service.store.jobs.get(jobs[0]!)!;
    const out = join(folder, "after.ogg");
    expect(await alice.request("receive_voice", { roomId: successor, eventId: eventId!, out })).toMatchObject(
      { decrypted: true },
    );
    const voice = await record("from-there.ogg", undefined, "-c:a", "libopus");
    await alice.request("send_voice", { roomId: successor, file: voice, durationMs: 1500 });
    await hand.count(1);
    expect(await checkOf(service, roomId)).toBeUndefined();
  });

  it("by somebody else: waits, says so, and goes on in order once a person has accepted it", async () => {
    const { bot, listener: alice, roomId } = await newConversation();
    const mallory = await newListener();
    let jobs: number[] = [];
    let successor: string;
    {
      await using service = await runningService(bot, { routes: [{ from: "hand", to: roomId }] });
      const { hand, store } = service;
      await sent(service, (await hand.intake.take({ id: "before", source: { bytes: wav } })).jobs);
      // what was taken a moment before it
      await service.sotto.account.outbox.close();
      for (const id of ["one", "two"])
        jobs = [...jobs, ...(await hand.intake.take({ id, source: { bytes: wav } })).jobs];
      successor = await replace(roomId, alice, { maker: mallory, guests: [bot.userId] });
      await isReplaced(service, roomId);
      await expect(hand.intake.take({ id: "three", source: { bytes: wav } })).rejects.toMatchObject({
        code: "ROOM_REPLACED",
      });
      await vi.waitFor(
        async () => expect((await checkOf(service, roomId))?.message).toContain(mallory.userId),
        PATIENCE,
      );
      expect(jobs.map((job) => store.jobs.get(job)?.state)).toEqual(["accepted", "accepted"]);
    }
    {
      await using service = await runningService(bot, { routes: [{ from: "hand", to: roomId }] });
      await isReplaced(service, roomId);
      await service.sotto.account.outbox.resume();
      // none was given up
      expect(jobs.map((job) => service.store.jobs.get(job)?.roomId)).toEqual([roomId, roomId]);
      for (const job of jobs) expect(service.store.jobs.get(job)?.state).not.toBe("failed");
      const accepted = resultOf<RouteAccepted>(await bot.run(["route", "accept", successor]));
      expect(accepted).toEqual({ roomId: successor, replaced: [roomId], moved: 2 });
      expect(await sent(service, jobs)).toEqual([successor, successor]);
      const events = jobs.map((job) => service.store.jobs.get(job)!.eventId);
      const first = service.store.jobs.get(jobs[0]!)!;
      expect(first.messageIndex).toBeLessThan(service.store.jobs.get(jobs[1]!)!.messageIndex!);
      expect(new Set(events).size).toBe(2);
    }
  });

  it("is not followed where the new one names another room, or the config is stricter in the old one", async () => {
    const { bot, listener: alice, roomId } = await newConversation();
    await using service = await runningService(bot, {
      routes: [{ from: "hand", to: roomId }],
      rooms: { [roomId]: { shareWith: "verified" } },
    });
    const successor = await replace(roomId, alice, { guests: [bot.userId], of: "!another" });
    await vi.waitFor(
      async () => expect((await checkOf(service, roomId))?.message).toContain("words of its own"),
      PATIENCE,
    );
    expect(errorOf(await bot.run(["route", "accept", successor]))).toMatchObject({ code: "CONFIG_INVALID" });
    service.sotto.account.config.rooms[successor] = { shareWith: "verified" };
    await request(alice, "PUT", `rooms/${encodeURIComponent(successor)}/state/m.room.name/`, {
      name: "news",
    });
    await vi.waitFor(
      async () =>
        expect((await checkOf(service, roomId))?.message).toContain("does not say that it replaces"),
      PATIENCE,
    );
    expect(service.store.successors.current(roomId)).toBe(roomId);
  });
});
