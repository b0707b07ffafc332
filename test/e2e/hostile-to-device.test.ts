import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { wasm } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { forgeSession } from "../support/forged-session.ts";
import { record } from "../support/recordings.ts";
import { isSync } from "../support/room-events.ts";
import { linesOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What a homeserver puts among the messages to our device: keys of its own making, damaged things, and very many.

const { folder, newBot, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let speaker: Listener;
let other: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  [bot, speaker, other] = await Promise.all([newBot(), newListener(), newListener()]);
  ({ roomId } = await speaker.request("create_room", { invite: [bot.userId, other.userId] }));
  await other.request("join", { roomId });
  voice = await record("among-the-forged.ogg", undefined, "-c:a", "libopus");
  resultOf(await bot.run(["send", voice, "--room", roomId]));
});

afterEach(() => proxy.passOnEverything());

interface ToDevice {
  type: string;
  sender: string;
  content: Record<string, unknown>;
}
interface Warning {
  message: string;
  eventId?: string;
  code?: string;
  damaged?: number;
  clearKeys?: number;
}

const say = (from: Listener) => from.request("send_voice", { roomId, file: voice, durationMs: 1500 });

/** Has every sync's to-device messages changed on their way. */
function tamper(change: (events: ToDevice[]) => unknown[]): void {
  proxy.intercept(isSync, {
    rewrite(answer) {
      const events = (answer.to_device as { events?: ToDevice[] } | undefined)?.events ?? [];
      return { ...answer, to_device: { events: change(events) } };
    },
  });
}

let folders = 0;
/** Receives until the good message is there: nothing else may be handed on. Gives what was said. */
async function receiveOnly({ eventId }: { eventId: string }): Promise<Warning[]> {
  const out = join(folder, `out-${++folders}`);
  const outcome = await bot.run(["receive", "--out", out, "--count", "1", "--timeout", "60"]);
  expect(linesOf<{ eventId: string }>(outcome).map((line) => line.eventId)).toEqual([eventId]);
  expect(await readdir(out)).toHaveLength(1);
  return linesOf<Warning>({ ...outcome, stdout: outcome.stderr });
}

const unusable = (warnings: Warning[]) =>
  warnings.filter(({ message }) => message === "to-device messages could not be used");

describe("a room key", () => {
  it("whose sender is not who encrypted it opens nothing", async () => {
    await speaker.request("rotate", { roomId });
    tamper((events) =>
      events.map((event) =>
        event.type === "m.room.encrypted" && event.sender === speaker.userId
          ? { ...event, sender: other.userId }
          : event,
      ),
    );
    await say(speaker);
    // what is heard is the message behind it, and only that
    const warnings = await receiveOnly(await say(other));
    expect(unusable(warnings)).toMatchObject([{ damaged: 1, clearKeys: 0 }]);
    // her next session is another one, and nobody stands between this time
    proxy.passOnEverything();
    await speaker.request("rotate", { roomId });
    await receiveOnly(await say(speaker));
  });

  it("that comes in clear opens nothing, in a member's name or our own", async () => {
    const { content } = await say(speaker);
    const { curve25519, ed25519 } = speaker.session;
    const forged = forgeSession(roomId, { curve25519, ed25519 });
    const encrypted = forged.encrypt("m.room.message", content);
    expect(JSON.parse(await readWith(forged.exported, encrypted)).content).toEqual(content);

    const before = await receiveAnything();
    expect(before).toHaveLength(1);
    tamper((events) => [
      ...[speaker.userId, bot.userId].flatMap((sender) => [
        { type: "m.room_key", sender, content: forged.roomKey },
        { type: "m.forwarded_room_key", sender, content: forged.exported },
      ]),
      ...events,
    ]);
    await synapse.request(
      "PUT",
      `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.encrypted/${crypto.randomUUID()}`,
      speaker.session.accessToken,
      encrypted,
    );
    const warnings = await receiveOnly(await say(other));
    expect(unusable(warnings)[0]!.clearKeys).toBe(4);
  });
});

async function receiveAnything() {
  const out = join(folder, `out-${++folders}`);
  return linesOf(await bot.run(["receive", "--out", out, "--count", "1", "--timeout", "60"]));
}

/** What an engine makes of the event that has this key from somebody it trusts: the forgery itself is sound. */
async function readWith(key: object, content: object): Promise<string> {
  const machine = await wasm.OlmMachine.initialize(new wasm.UserId("@x:y.z"), new wasm.DeviceId("D"));
  await machine.importExportedRoomKeys(JSON.stringify([key]), () => undefined);
  const event = { type: "m.room.encrypted", event_id: "$1", origin_server_ts: 1, sender: speaker.userId };
  const settings = new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
  const json = JSON.stringify({ ...event, room_id: roomId, content });
  return (await machine.decryptRoomEvent(json, new wasm.RoomId(roomId), settings)).event;
}

describe("messages to our device", () => {
  it("of no shape at all, and a device list of no users, stop nothing behind them", async () => {
    const damaged = [
      ...[5, null, "text", [], {}, { type: 5 }, { type: "m.room_key", content: {} }],
      { type: "m.room.encrypted", sender: speaker.userId, content: "none" },
      ...[null, { transaction_id: "t", timestamp: 1, from_device: "D" }].map((content) => ({
        type: "m.key.verification.request",
        sender: "nobody",
        content,
      })),
    ];
    proxy.intercept(isSync, {
      rewrite(answer) {
        const events = (answer.to_device as { events?: unknown[] } | undefined)?.events ?? [];
        return {
          ...answer,
          to_device: { events: [...damaged, ...events] },
          device_lists: { changed: ["nobody", "@a:b c", 7], left: [""] },
        };
      },
    });
    await speaker.request("rotate", { roomId });
    const warnings = await receiveOnly(await say(speaker));
    expect(unusable(warnings)[0]!.damaged).toBe(damaged.length);
    expect(warnings.map(({ message }) => message)).not.toContain("a sync listener failed");
  });

  it("by the hundreds, five megabytes of them, are passed over in one line, and the key behind them is taken", async () => {
    const { identityKey } = await ownKeys();
    const junk = (type: 0 | 1) => ({
      algorithm: "m.olm.v1.curve25519-aes-sha2",
      sender_key: other.session.curve25519,
      ciphertext: { [identityKey]: { type, body: "A".repeat(10_000) } },
    });
    const pages = 5;
    const put = (index: number) =>
      synapse.request(
        "PUT",
        `/_matrix/client/v3/sendToDevice/m.room.encrypted/flood${index}`,
        other.session.accessToken,
        { messages: { [bot.userId]: { [bot.deviceId]: junk((index % 2) as 0 | 1) } } },
      );
    for (let index = 0; index < pages * 100; index += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, more) => put(index + more)));
    }
    await speaker.request("rotate", { roomId });
    const message = await say(speaker);
    const from = proxy.requests.length;
    const warnings = await receiveOnly(message);
    expect(proxy.requests.slice(from).filter(isSync).length).toBeGreaterThan(pages);
    expect(unusable(warnings)).toMatchObject([{ damaged: pages * 100 }]);
    expect(warnings.length).toBeLessThan(5);
  });
});

/** Our device's identity key, as the homeserver shows it. */
async function ownKeys(): Promise<{ identityKey: string }> {
  const answer = await synapse.request<{
    device_keys: Record<string, Record<string, { keys: Record<string, string> }>>;
  }>("POST", "/_matrix/client/v3/keys/query", bot.accessToken, { device_keys: { [bot.userId]: [] } });
  const { keys } = answer.device_keys[bot.userId]![bot.deviceId]!;
  return { identityKey: keys[`curve25519:${bot.deviceId}`]! };
}
