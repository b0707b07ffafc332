import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { silentLogger } from "../../../src/log.ts";
import type { Account } from "../../../src/service/account.ts";
import type { Destinations } from "../../../src/service/relay/destinations.ts";
import { createIntake } from "../../../src/service/relay/intake.ts";
import type { Route } from "../../../src/service/relay/routes.ts";
import { outboxOn } from "../../support/faulty-ports.ts";
import { event, openTestStore, storeOptions } from "../../support/store.ts";

// Recordings on a real store with its outbox; the homeserver behind it is a stub.

const SOUND = readFileSync("samples/hello.ogg");

function house() {
  const options = storeOptions();
  const store = openTestStore(options);
  const { outbox, jobs } = outboxOn(store);
  const sync = { wake: () => undefined };
  const account = { store, outbox, logger: silentLogger, sync } as unknown as Account;
  const destinations = { roomId: (room: string) => room } as unknown as Destinations;
  const route = (from: string, to: string, more: Partial<Route> = {}) =>
    ({ from, to, announce: false, priority: "normal", ...more }) as Route;
  const intake = (source: string, routes: Route[], isRelay = false) =>
    createIntake({ account, destinations, source, routes: () => routes, isRelay });
  const recordings = () => readdirSync(join(dirname(options.path), "spool"));
  return { account, jobs, outbox, route, intake, recordings };
}

it("what was redacted while its recording came goes into no other room, and leaves nothing", async () => {
  const { account, jobs, outbox, route, intake, recordings } = house();
  const relay = intake("!a", [route("!a", "!b")], true);
  const { inbox } = account.store;
  for (const eventId of ["$stays", "$redacted"])
    inbox.add("!a", event("m.room.encrypted", { session_id: "S" }, { event_id: eventId }), 1);
  const take = (eventId: string, meanwhile: () => void) => {
    const bytes = async function* () {
      yield SOUND;
      meanwhile();
    };
    return relay.take({ id: `${eventId} !a > !b`, by: eventId, source: { stream: Readable.from(bytes()) } });
  };
  const { jobs: taken } = await take("$stays", () => undefined);
  await expect(take("$redacted", () => inbox.done("$redacted"))).rejects.toMatchObject({ code: "STOPPED" });
  await outbox.settled();
  expect(jobs.list(9).map(({ jobId }) => jobId)).toEqual(taken);
  expect(recordings()).toEqual([]);
});

it("a recording that two bring at the same time is taken once, and both are told so", async () => {
  const { jobs, outbox, route, intake, recordings } = house();
  const bring = () =>
    intake("ingest", [route("ingest", "!a")]).take({ id: "mail", source: { bytes: SOUND } });
  const [one, two] = await Promise.all([bring(), bring()]);
  expect(one.jobs).toEqual(two.jobs);
  expect([one.isDuplicate, two.isDuplicate].sort()).toEqual([false, true]);
  await outbox.settled();
  expect([jobs.list(9).length, recordings()]).toEqual([1, []]);
});

it("another recording of a name that was taken is told from the same one", async () => {
  const { outbox, intake, route } = house();
  const bell = intake("bell", [route("bell", "!a")]);
  await bell.take({ id: "ring", source: { bytes: SOUND } });
  const pieces = Readable.from([SOUND.subarray(0, 100), SOUND.subarray(100)]);
  expect(await bell.isSame("ring", { stream: pieces })).toBe(true);
  expect(await bell.isSame("ring", { bytes: SOUND.subarray(1) })).toBe(false);
  expect(await bell.isSame("never taken", { bytes: SOUND })).toBe(true);
  await outbox.settled();
});

it("whoever brings a recording again is told of the same messages, and not of what announces them", async () => {
  const { outbox, route, intake } = house();
  const bell = intake("bell", [route("bell", "!a", { announce: true })]);
  const bring = () => bell.take({ id: "ring", source: { bytes: SOUND }, about: { caller: "the door" } });
  const first = await bring();
  expect(first.jobs).toHaveLength(1);
  expect(await bring()).toEqual({ jobs: first.jobs, isDuplicate: true });
  await outbox.settled();
});
