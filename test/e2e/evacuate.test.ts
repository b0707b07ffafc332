import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { Evacuated } from "../../src/service/evacuate/evacuate.ts";
import { offer } from "../support/folder.ts";
import { record } from "../support/recordings.ts";
import { sentBy } from "../support/room-events.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { openWorld } from "../support/world.ts";

const { newConversation, synapse } = await openWorld();
const PATIENCE = { timeout: 60_000, interval: 100 };

it("an evacuated room gets the notice and nothing more, until it is over: then what waited, in order, once", async () => {
  const { bot, listener, roomId } = await newConversation();
  const inbox = temporaryDirectory();
  const told = join(inbox, "..", `told-${Date.now()}`);
  const program = join(bot.home, "tell");
  writeFileSync(program, `#!/bin/sh\ncat >> '${told}'\n`);
  chmodSync(program, 0o700);
  bot.configure({
    connectors: { inbox: { type: "folder", path: inbox, settle: "1s" } },
    routes: [{ from: "inbox", to: roomId }],
    evacuate: { command: [program] },
  });
  const events = async () =>
    (await sentBy(synapse, roomId, listener.session.accessToken, bot.userId)).map((event) => event.event_id);
  const service = bot.start(["run"]);
  await service.says('"message":"running"');
  const voice = readFileSync(await record("before-we-left-1.wav"));
  const other = readFileSync(
    await record("before-we-left-2.wav", "anoisesrc=duration=2.5:seed=9:amplitude=0.3"),
  );
  const evacuate = (...args: string[]) => bot.run(["evacuate", roomId, ...args]);

  const dry = resultOf<Evacuated>(await evacuate("--dry-run", "--message", "Leave."));
  expect(dry.steps.map(({ outcome }) => outcome)).toEqual(["planned", "planned", "planned", "planned"]);
  expect(await events()).toEqual([]);
  const drilled = resultOf<Evacuated>(await evacuate("--drill", "--message", "Leave."));
  expect(drilled.steps.map(({ outcome }) => outcome)).toEqual(["left-out", "left-out", "done", "done"]);
  expect(readFileSync(told, "utf8")).toMatch(/^DRILL/);

  const done = resultOf<Evacuated>(await evacuate("--message", "Leave."));
  expect(done.steps.map(({ outcome }) => outcome)).toEqual(["done", "done", "done", "done"]);
  const after = await events();
  expect(after).toHaveLength(2);
  const eventId = done.steps.find(({ step }) => step === "notice")!.eventId!;
  expect(after.at(-1)).toBe(eventId);
  expect((await listener.request("wait_event", { roomId, eventId, kind: "m.text" })).decrypted).toBe(true);
  expect(readFileSync(told, "utf8")).toMatch(/\nLeave\.\nLeave\.\n$/);
  await offer(inbox, "a.wav", voice);
  await vi.waitFor(
    async () => expect(resultOf<{ total: number }>(await bot.run(["queue", "list"])).total).toBe(1),
    PATIENCE,
  );
  await offer(inbox, "b.wav", other);
  await vi.waitFor(
    async () => expect(resultOf<{ total: number }>(await bot.run(["queue", "list"])).total).toBe(2),
    PATIENCE,
  );
  expect(
    errorOf(await bot.run(["send", await record("before-we-left-1.wav"), "--room", roomId])),
  ).toMatchObject({
    ...{ code: "ROOM_EVACUATED", exitCode: 1 },
  });
  const again = resultOf<Evacuated>(await evacuate("--message", "Leave."));
  expect(again.steps.map(({ outcome }) => outcome)).toEqual(["was-done", "done", "was-done", "was-done"]);
  expect(await events()).toEqual(after);
  resultOf(await evacuate("--over"));
  await vi.waitFor(async () => expect(await events()).toHaveLength(4), PATIENCE);
  expect((await service.end("SIGTERM")).code).toBe(0);
  const [, , ...late] = await events();
  expect(late).toHaveLength(2);
  const lengths: number[] = [];
  for (const id of late) {
    const { content } = await listener.request("wait_event", { roomId, eventId: id, kind: "m.audio" });
    lengths.push(Math.round((content.info as { duration: number }).duration / 100));
  }
  expect(lengths).toEqual([15, 25]);
});
