import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { linesOf, startSotto } from "../support/sotto.ts";
import { type ElementUser, openWorld } from "../support/world.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// A message whose room key does not come with it: Element is the sender, the proxy keeps the key back.

const { folder, newBot, newElement, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: ElementUser;
let roomId: string;
let voice: string;

beforeAll(async () => {
  [bot, alice] = await Promise.all([newBot(), newElement()]);
  voice = await record("whose-key-is-late.ogg", undefined, "-c:a", "libopus");
  ({ roomId } = await roomWithBot(alice));
});

async function roomWithBot(from: ElementUser): Promise<{ roomId: string }> {
  const room = await from.request("createRoom", { invite: [bot.userId], historyVisibility: "joined" });
  const path = `/_matrix/client/v3/join/${encodeURIComponent(room.roomId)}`;
  await synapse.request("POST", path, bot.accessToken, {});
  await bot.run(["receive", "--out", join(folder, "none"), "--timeout", "1"]);
  return room;
}

const say = (from: ElementUser, room = roomId) =>
  from.request("sendVoice", { roomId: room, file: voice, durationMs: 1500 });
const receiving = (count: number) =>
  bot.start(["receive", "--out", join(folder, "out"), "--count", String(count), "--timeout", "120"]);

interface Notice {
  eventId?: string;
  why?: string;
  withheldCode?: string;
  message: string;
  cure?: string;
}
/** What was said on standard error of messages that are not handed on. */
const noticesIn = (stderr: string): Notice[] =>
  linesOf<Notice>({ code: 0, stdout: stderr, stderr: "" }).filter(({ why }) => why !== undefined);

const isBots = ({ headers }: RecordedRequest) => headers.authorization === `Bearer ${bot.accessToken}`;

/** The bot looks for a key of the room in the key backup: it has tried a message, and lacks its key. */
const askedBackup = (room: string) =>
  proxy.arrival((request) => isBots(request) && request.path.includes(`/keys/${encodeURIComponent(room)}/`));

/** From here on the bot gets no to-device messages; those that were held back come with the first answer after. */
function holdToDevice(): { letGo(): void; drop(): void } {
  const held: unknown[] = [];
  let holds = true;
  const end = proxy.intercept((request) => isBots(request) && request.path.includes("/sync?"), {
    rewrite(answer) {
      const { events = [] } = (answer.to_device ?? {}) as { events?: unknown[] };
      if (holds) held.push(...events);
      return { ...answer, to_device: { events: holds ? [] : [...held.splice(0), ...events] } };
    },
  });
  return {
    letGo() {
      holds = false;
    },
    drop: end,
  };
}

describe("a room key that comes after its message", () => {
  it("lets the message be delivered then, and nothing is reported", async () => {
    const keys = holdToDevice();
    const asked = askedBackup(roomId);
    const receiver = receiving(1);
    const { eventId } = await say(alice);
    await asked;
    keys.letGo();
    // the homeserver answers at once when there is something to say
    await alice.request("sendText", { roomId, body: "Did you hear me?" });
    const outcome = await receiver.ended;
    keys.drop();
    expect(linesOf(outcome)).toMatchObject([{ eventId, trust: "signed" }]);
    expect(noticesIn(outcome.stderr)).toEqual([]);
  });
});

describe("a room key that its sender withholds", () => {
  it("is reported at once with what to do; once the sender trusts the device, the next message is delivered", async () => {
    const carol = await newElement({ isolation: "all" });
    await carol.request("neverSendToUnverified");
    const room = await roomWithBot(carol);
    const asked = askedBackup(room.roomId);
    const receiver = receiving(1);
    const first = await say(carol, room.roomId);
    await receiver.says("m.unverified");
    await asked;
    await carol.request("setDeviceVerified", { userId: bot.userId, deviceId: bot.deviceId });
    const second = await say(carol, room.roomId);
    const outcome = await receiver.ended;
    expect(linesOf(outcome)).toMatchObject([{ eventId: second.eventId, trust: "signed" }]);
    expect(noticesIn(outcome.stderr)).toMatchObject([
      {
        ...{ eventId: first.eventId, why: "withheld", withheldCode: "m.unverified" },
        message: expect.stringContaining("gives none to devices that are not verified"),
        cure: expect.stringContaining("sotto identity status"),
      },
    ]);
  });
});

describe("a room key that is in the key backup alone", () => {
  it("is fetched; the message is reported as of no proven sender, and delivered once the config takes it", async () => {
    const phone = await newElement({ account: bot.account });
    await phone.request("unlock", { recoveryKey: readFileSync(bot.recoveryKeyFile, "utf8").trim() });
    // the public keys must be known before the private ones are taken
    await phone.request("waitUserStatus", { userId: bot.userId, known: true });
    await phone.request("bootstrapCrossSigning", {});
    await phone.request("loadBackupKey");
    const { deviceId } = phone.session;
    await alice.request("waitDevice", { userId: bot.userId, deviceId, signed: true });
    const { count } = await phone.request("backupStatus");

    const keys = holdToDevice();
    await alice.request("rotate", { roomId });
    const { eventId } = await say(alice);
    await phone.request("waitBackup", { count: count + 1 });
    // as a person at a terminal reads it
    const receiver = startSotto(["receive", "--out", join(folder, "out"), "--config", bot.config]);
    await receiver.says("acceptFrom: all");
    const { stderr } = await receiver.end("SIGTERM");
    keys.drop();
    expect(stderr).toContain(`not handed on: ${eventId} from ${alice.userId}`);
    expect(stderr).toContain("nothing proves who sent it: its room key came from a backup (key-from-backup)");

    bot.configure({ rooms: { [roomId]: { acceptFrom: "all" } } });
    const again = ["receive", "--out", join(folder, "out"), "--count", "1", "--timeout", "120"];
    const said = await startSotto([...again, "--config", bot.config]).ended;
    expect(said.stdout).toContain(`${alice.userId} (unknown)`);
    expect(said.stderr).toContain(
      `nothing proves that ${alice.userId} sent it; its room key came from a backup`,
    );
  });
});
