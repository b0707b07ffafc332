import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { Store } from "../../src/store/index.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { OTHER_ROOM, openTestStore, ROOM, storeOptions } from "../support/store.ts";

const CONTENT = { msgtype: "m.audio", body: "Doorbell" };

/** The next process on a store in which an earlier one left something. */
async function nextProcess(leave: (store: Store) => Promise<unknown>) {
  const options = storeOptions();
  const first = openTestStore(options);
  await leave(first);
  first.close();
  return outboxOn(openTestStore(options));
}

describe("what an earlier process left", () => {
  it("accepted is encrypted now, for those who are members now", async () => {
    const { outbox, encryptor, gate, jobs } = await nextProcess(async (store) => {
      await outboxOn(store).outbox.accept(ROOM, CONTENT);
    });
    await outbox.resume();
    expect(encryptor.encrypted).toMatchObject([{ roomId: ROOM, content: CONTENT }]);
    expect(gate.puts).toHaveLength(1);
    expect(jobs.open()).toEqual([]);
  });

  it("encrypted is sent as it is: the same bytes, and no second encryption", async () => {
    const { outbox, encryptor, gate } = await nextProcess(async (store) => {
      const { outbox, at } = outboxOn(store);
      store.jobs.freeze(await outbox.accept(ROOM, CONTENT), {
        ...{ eventJson: '{"frozen":true}', sessionId: "session", messageIndex: 0, firstPutMs: at.ms },
      });
    });
    await outbox.resume();
    expect(gate.puts).toMatchObject([{ eventJson: '{"frozen":true}' }]);
    expect(encryptor.encrypted).toEqual([]);
  });

  it("comes before what is sent now, in its room, without being asked for; nobody waits for other rooms", async () => {
    const { outbox, gate, encryptor } = await nextProcess(async (store) => {
      await outboxOn(store).outbox.accept(ROOM, { ...CONTENT, body: "older" });
      await outboxOn(store).outbox.accept(OTHER_ROOM, { ...CONTENT, body: "elsewhere" });
    });
    const elsewhere = Promise.withResolvers<string>();
    const putEncrypted = gate.putEncrypted.bind(gate);
    gate.putEncrypted = async (roomId, ...rest) => {
      const eventId = await putEncrypted(roomId, ...rest);
      return roomId === OTHER_ROOM ? elsewhere.promise : eventId;
    };
    await outbox.send(await outbox.accept(ROOM, { ...CONTENT, body: "newer" }));
    elsewhere.resolve("$elsewhere");
    await outbox.settled();
    const here = encryptor.encrypted.filter(({ roomId }) => roomId === ROOM);
    expect(here.map(({ content }) => content.body)).toEqual(["older", "newer"]);
    expect(gate.puts).toHaveLength(3);
  });

  it("and cannot be read holds up nobody", async () => {
    const { outbox, jobs, unsent } = await nextProcess(async () => undefined);
    jobs.roomsWaiting = throwing(new SottoError("STORE_DAMAGED", "a row is damaged"));
    await outbox.resume();
    await expect(outbox.send(await outbox.accept(ROOM, CONTENT))).resolves.toMatchObject({ state: "sent" });
    await outbox.settled();
    expect(unsent).toMatchObject([{ code: "STORE_DAMAGED" }, { code: "STORE_DAMAGED" }]);
  });

  it("and of which one cannot be read is sent without that one", async () => {
    const { outbox, jobs, unsent, gate } = await nextProcess(async (store) => {
      for (let job = 0; job < 2; job++) await outboxOn(store).outbox.accept(ROOM, CONTENT);
    });
    const { get } = jobs;
    const damaged = jobs.next(ROOM);
    jobs.get = (jobId) =>
      jobId === damaged ? throwing(new SottoError("STORE_DAMAGED", "a row is damaged"))() : get(jobId);
    await outbox.resume();
    expect(unsent).toMatchObject([{ code: "STORE_DAMAGED" }]);
    expect(gate.puts).toHaveLength(1);
  });

  it("is not given up because the homeserver cannot be reached yet", async () => {
    const { outbox, encryptor, jobs, unsent } = await nextProcess(async (store) => {
      await outboxOn(store).outbox.accept(ROOM, CONTENT);
    });
    encryptor.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "connection refused")));
    await outbox.resume();
    expect(unsent).toMatchObject([{ code: "HOMESERVER_UNREACHABLE" }]);
    expect(jobs.open()).toMatchObject([{ state: "uploaded" }]);
  });

  it("is given up where the room refuses it, and does not hold up the others", async () => {
    const { outbox, gate, jobs, unsent } = await nextProcess(async (store) => {
      for (const roomId of [ROOM, ROOM, OTHER_ROOM]) await outboxOn(store).outbox.accept(roomId, CONTENT);
    });
    gate.outcomes.push(throwing(new SottoError("ROOM_FORBIDDEN", "the account may not send")));
    await outbox.resume();
    expect(unsent).toMatchObject([{ code: "ROOM_FORBIDDEN" }]);
    expect(jobs.open()).toEqual([]);
    expect(
      jobs
        .list(3)
        .map(({ state }) => state)
        .toSorted(),
    ).toEqual(["failed", "sent", "sent"]);
  });
});
