import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { SottoError } from "../../src/errors.ts";
import { startService } from "../../src/service/run.ts";
import { Sotto } from "../../src/service/sotto.ts";
import type { Bot } from "../support/bot.ts";
import { Hand } from "../support/hand.ts";
import { isEnded, jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// Routes between connectors and rooms, with a connector in the test's own hands and real rooms.

const { folder, newConversation } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let wav: Buffer;
let voice: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  wav = await readFile(await record("at-the-doorbell.wav"));
  voice = await record("what-was-said.ogg", undefined, "-c:a", "libopus");
});

const PATIENCE = { timeout: 20_000, interval: 50 };

async function running(...routes: Record<string, unknown>[]) {
  bot.configure({ connectors: { hand: { type: "hand" } }, routes });
  const hand = new Hand();
  const sotto = await Sotto.open(loadConfig(bot.config));
  const service = await startService(sotto.account, { connectorTypes: [hand.type] });
  const ended = (job: number) =>
    vi.waitFor(async () => {
      const found = await hand.intake.job(job);
      expect(["sent", "failed"]).toContain(found?.state);
      return found!;
    }, PATIENCE);
  return {
    ...{ hand, sotto, ended },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await sotto.close();
    },
  };
}

describe("what a connector brings", () => {
  it("is sent to the room of its route, once, whoever asks again", async () => {
    await using service = await running({ from: "hand", to: roomId });
    const { hand, ended } = service;
    const first = await hand.intake.take({ id: "bell 1", source: { bytes: wav } });
    expect(first).toMatchObject({ isDuplicate: false, jobs: [expect.any(Number)] });
    const again = await hand.intake.take({ id: "bell 1", source: { bytes: wav } });
    expect(again).toEqual({ isDuplicate: true, jobs: first.jobs });
    expect(await hand.intake.knows("bell 1")).toBe(true);
    const { eventId } = await ended(first.jobs[0]!);
    const out = join(folder, "relayed.ogg");
    const heard = await listener.request("receive_voice", { roomId, eventId: eventId!, out });
    expect(heard.size).toBeGreaterThan(0);
  });

  it("is announced in a message before it, with what is known of the caller, where its route says so", async () => {
    await using service = await running({ from: "hand", to: roomId, announce: true });
    const { hand, ended } = service;
    const about = {
      caller: "Ann <+49 151 000>\n",
      recordedMs: new Date(2026, 10, 23, 14, 3).getTime(),
      note: "100",
    };
    const { jobs } = await hand.intake.take({ id: "call", source: { bytes: wav }, about });
    await ended(jobs[0]!);
    const [voice, notice] = service.sotto.account.store.jobs.list(2);
    expect(voice?.jobId).toBe(jobs[0]);
    const heard = await listener.request("wait_event", {
      roomId,
      eventId: notice!.eventId!,
      kind: "m.notice",
    });
    expect(heard).toMatchObject({ decrypted: true });
    expect(JSON.stringify(heard)).toContain(
      "Voice message from Ann <+49 151 000>, recorded 2026-11-23 14:03, 100",
    );
  });

  it("that is no recording is refused at once, and one that cannot be encoded is kept as given up, unannounced", async () => {
    await using service = await running({ from: "hand", to: roomId, announce: true });
    const { hand, ended } = service;
    await expect(
      hand.intake.take({ id: "text", source: { bytes: Buffer.from("no recording at all ".repeat(100)) } }),
    ).rejects.toMatchObject({ code: "AUDIO_NOT_AUDIO" });
    expect(await hand.intake.knows("text")).toBe(false);
    const broken = Buffer.concat([wav.subarray(0, 44), Buffer.alloc(0)]);
    const { jobs } = await hand.intake.take({
      id: "broken",
      source: { bytes: broken },
      about: { caller: "Ann" },
    });
    expect(await ended(jobs[0]!)).toMatchObject({
      state: "failed",
      error: { code: expect.stringMatching(/^AUDIO_/) },
    });
    expect(service.sotto.account.store.jobs.open()).toEqual([]);
  });

  it("for a room that no route names is refused", async () => {
    await using service = await running({ from: "hand", to: roomId });
    await expect(
      service.hand.intake.take({ id: "elsewhere", source: { bytes: wav }, room: "!elsewhere" }),
    ).rejects.toMatchObject({ code: "ROUTE_UNKNOWN" });
  });
});

describe("what comes into a room", () => {
  it("is handed to the connector of its route, once, in order, also after it had refused", async () => {
    await using service = await running({ from: roomId, to: "hand" });
    const { hand } = service;
    hand.refusals.push(new SottoError("CONNECTOR_FAILED", "not now"));
    const sent: unknown[] = [];
    for (const _message of [1, 2]) {
      sent.push((await listener.request("send_voice", { roomId, file: voice, durationMs: 1500 })).eventId);
    }
    await hand.count(2);
    expect(hand.delivered.map(({ eventId }) => eventId)).toEqual(sent);
    expect(hand.delivered[0]?.bytes).toEqual(await readFile(voice));
  });
});

describe("a message that was given up", () => {
  it("is tried again by `queue retry`, from the recording that was kept", async () => {
    let job: number;
    {
      await using service = await running({ from: "hand", to: roomId });
      const { hand, ended } = service;
      service.sotto.account.config.audio.maxDuration = 100;
      [job] = (await hand.intake.take({ id: "too long", source: { bytes: wav } })).jobs as [number];
      expect(await ended(job)).toMatchObject({ state: "failed", error: { code: "AUDIO_TOO_LARGE" } });
    }
    const { eventId } = resultOf<{ eventId: string }>(await bot.run(["queue", "retry", String(job)]));
    const out = join(folder, "retried.ogg");
    expect(await listener.request("receive_voice", { roomId, eventId, out })).toMatchObject({
      decrypted: true,
    });
  });
});

describe("a service that is to end", () => {
  it("finishes what is under way, and leaves the rest of a long queue to the next", async () => {
    const taken: number[] = [];
    {
      await using service = await running({ from: "hand", to: roomId });
      for (let bell = 0; bell < 15; bell += 1) {
        const { jobs } = await service.hand.intake.take({ id: `long ${bell}`, source: { bytes: wav } });
        taken.push(...jobs);
      }
    }
    const left = jobsOf(bot).filter(({ state }) => !isEnded(state));
    expect(left.length).toBeGreaterThan(0);
    await using next = await running({ from: "hand", to: roomId });
    for (const job of taken) expect(await next.ended(job)).toMatchObject({ state: "sent" });
  });
});
