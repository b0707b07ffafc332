import { expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { pseudoRandom } from "../audio/by-hand.ts";
import { outboxOn, throwing } from "../support/faulty-ports.ts";
import { handles, heldBytes } from "../support/memory.ts";
import { openTestStore } from "../support/store.ts";

// A day of a busy service, as fast as the outbox goes: what it holds on to in the evening is what it held in the morning.

const HOURS = 24;
const PER_HOUR = 500;
const ROOMS = 20;
const MAX_GROWTH_BYTES = 4 * 1024 ** 2;

const TROUBLES = [
  new SottoError("SEND_UNCERTAIN", "no answer"),
  new SottoError("RATE_LIMITED", "later", { retryAfterMs: 5_000 }),
  new SottoError("HOMESERVER_UNREACHABLE", "connection refused"),
  new SottoError("ROOM_FORBIDDEN", "not there"),
];

it("a day, hour by hour: memory and handles are flat", async () => {
  const next = pseudoRandom(24);
  const random = () => next() / 2 ** 32;
  const store = openTestStore();
  const house = outboxOn(store, { ms: Date.now() });
  const { outbox, gate, encryptor, contentRepository, unsent, at } = house;
  const held: number[] = [];
  const open: string[][] = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    for (let message = 0; message < PER_HOUR; message += 1) {
      if (random() < 0.1) gate.outcomes.push(throwing(TROUBLES[Math.floor(random() * TROUBLES.length)]));
      const recordingId = await store.recordings.write(
        (async function* () {
          yield Buffer.alloc(2_000, message);
        })(),
      );
      const roomId = `!room${Math.floor(random() * ROOMS)}`;
      const txnId = `${hour} ${message}`;
      const job = {
        roomId,
        txnId,
        recordingId,
        state: "accepted",
        contentJson: "{}",
        source: "list",
      } as const;
      await outbox.take([job], txnId);
      at.ms += 3_600_000 / PER_HOUR;
      await outbox.settled();
      await outbox.resumeDue();
    }
    // what the faults' own record has kept
    for (const list of [gate.puts, encryptor.encrypted, contentRepository.uploads, unsent]) list.length = 0;
    held.push(heldBytes());
    open.push(handles());
  }
  console.log(`held after each hour: ${held.map((bytes) => (bytes / 1024 ** 2).toFixed(1)).join(" ")} MB`);
  const states = store.jobs.counts();
  expect((states.sent ?? 0) + (states.failed ?? 0)).toBeGreaterThan(HOURS * PER_HOUR - ROOMS);
  // the first hours fill caches
  expect(held.at(-1)! - held[3]!).toBeLessThan(MAX_GROWTH_BYTES);
  expect(open.at(-1)).toEqual(open[3]);
});
