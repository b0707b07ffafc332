import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { type ErrorCode, SottoError } from "../../../src/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Account } from "../../../src/service/account.ts";
import type { VoiceMessage } from "../../../src/service/receive.ts";
import type { Destinations } from "../../../src/service/relay/destinations.ts";
import { HandOver } from "../../../src/service/relay/hand-over.ts";
import { createIntake } from "../../../src/service/relay/intake.ts";
import { keyOf, type Route } from "../../../src/service/relay/routes.ts";
import { outboxOn } from "../../support/faulty-ports.ts";
import { ALICE, openTestStore, storeOptions } from "../../support/store.ts";

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

it.each<[ErrorCode, boolean]>([
  ["CONNECTOR_FAILED", false],
  ["ROUTE_UNKNOWN", false],
  ["INTERNAL", false],
  ["HOMESERVER_UNREACHABLE", false],
  ["AUDIO_TOO_LARGE", true],
])("a receiver that fails with %s has had the message: %s", async (code, isOver) => {
  const { account } = house();
  const deliver = async () => {
    throw new SottoError(code, "not now");
  };
  const handOver = new HandOver(account, {
    receiving: () => [{ key: "!a > archive", roomId: "!a", to: { connector: { deliver } } }],
    signals: { handed: () => undefined, refused: () => undefined },
    stopping: new AbortController().signal,
  });
  const message = { roomId: "!a", eventId: "$1" } as unknown as VoiceMessage;
  const handed = await handOver.hand(message).then(
    () => true,
    () => false,
  );
  expect([handed, account.store.handed.has("$1", "!a > archive")]).toEqual([isOver, isOver]);
});

it("a voice message goes from one room into each of several others", async () => {
  const { account, jobs, outbox, route, intake } = house();
  const receiving = ["!b", "!c"].map((to) => {
    const way = route("!a", to);
    return { key: keyOf(way), roomId: "!a", to: { intake: intake("!a", [way], true) } };
  });
  const handOver = new HandOver(account, {
    receiving: () => receiving,
    signals: { handed: () => undefined, refused: () => undefined },
    stopping: new AbortController().signal,
  });
  const message = {
    roomId: "!a",
    eventId: "$1",
    sender: ALICE,
    sentMs: 1,
    stream: () => Readable.from([SOUND]),
  };
  await handOver.hand(message as unknown as VoiceMessage);
  await outbox.settled();
  expect(
    jobs
      .list(9)
      .map(({ roomId }) => roomId)
      .sort(),
  ).toEqual(["!b", "!c"]);
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

it("whoever brings a recording again is told of the same messages, and not of what announces them", async () => {
  const { outbox, route, intake } = house();
  const bell = intake("bell", [route("bell", "!a", { announce: true })]);
  const bring = () => bell.take({ id: "ring", source: { bytes: SOUND }, about: { caller: "the door" } });
  const first = await bring();
  expect(first.jobs).toHaveLength(1);
  expect(await bring()).toEqual({ jobs: first.jobs, isDuplicate: true });
  await outbox.settled();
});
