import { type PlantedFault, replaced } from "./fault.ts";
import { DAY_MS } from "./policy.ts";
import { ENCRYPTION } from "./room.ts";

const uploaded = async (upload: () => Promise<{ content_uri: string }>): Promise<string> =>
  (await upload()).content_uri;
const inClear = (name: string, type: string, content: object, rule: string): PlantedFault => ({
  name,
  plant: async ({ room }) => {
    await room.say(type, content);
  },
  rules: [rule],
});
const began = (
  name: string,
  change: object,
  rules: string[],
  more: Partial<PlantedFault> = { cure: replaced },
): PlantedFault => ({ name, made: () => ({ encryption: { ...ENCRYPTION, ...change } }), rules, ...more });

export const ENCRYPTION_FAULTS: PlantedFault[] = [
  { name: "no encryption", made: () => ({ encryption: null }), rules: ["ENC-001"] },
  // another setting heals newcomers only, as the cures say
  began("an unknown algorithm", { algorithm: "m.rot13" }, ["ENC-002"], { left: ["ENC-010"] }),
  began("a rotation period of a month", { rotation_period_ms: 30 * DAY_MS }, ["ENC-003"]),
  began("a thousand messages for each key", { rotation_period_msgs: 1_000 }, ["ENC-004"]),
  began("a rotation period of a minute", { rotation_period_ms: 60_000 }, ["ENC-005"]),
  began("more messages than clients go along with", { rotation_period_msgs: 20_000 }, ["ENC-004", "ENC-005"]),
  began("a rotation period in words", { rotation_period_ms: "7d" }, ["ENC-006"], { left: ["ENC-010"] }),
  {
    name: "a session used for nine days",
    async plant({ room }) {
      await room.sayEncrypted("nine days", {}, Date.now() - 9 * DAY_MS);
      await room.sayEncrypted("nine days");
    },
    rules: ["ENC-007"],
    cure: async ({ room }) => void (await room.sayEncrypted("a new one")),
    // "What was seen stays a finding for as long as it is read"
    left: ["ENC-007"],
  },
  {
    ...began("a session used for one message too many", {}, ["ENC-008"]),
    made: () => ({ encryption: { ...ENCRYPTION, rotation_period_msgs: 5 } }),
    async plant({ room }) {
      for (let message = 0; message <= 5; message += 1) await room.sayEncrypted("five messages");
    },
    cure: async ({ room }) => void (await room.sayEncrypted("a new one")),
    left: ["ENC-008"],
  },
  {
    name: "a session for each message",
    async plant({ room }) {
      for (let message = 0; message < 10; message += 1) await room.sayEncrypted(`message ${message}`);
    },
    rules: ["ENC-009"],
    // "update the sender's client": from then on it keeps to one
    async cure({ room }) {
      for (let message = 0; message < 10; message += 1) await room.sayEncrypted("updated");
    },
  },
  {
    name: "m.room.encryption sent a second time, tighter",
    plant: async ({ room }) =>
      void (await room.set("m.room.encryption", { ...ENCRYPTION, rotation_period_ms: DAY_MS })),
    rules: ["ENC-010"],
    cure: replaced,
  },
  inClear("a message in clear", "m.room.message", { msgtype: "m.text", body: "hello" }, "ENC-011"),
  inClear("a poll in clear", "m.poll.start", { "m.poll": {} }, "ENC-011"),
  inClear("a call in clear", "m.call.invite", { call_id: "c", version: "1", lifetime: 60_000 }, "ENC-014"),
  inClear("a sticker in clear", "m.sticker", { body: "a cat", info: {} }, "ENC-013"),
  {
    name: "a voice message in clear",
    async plant({ room, house: { alice } }) {
      const url = await uploaded(() => alice.upload());
      await room.say("m.room.message", { msgtype: "m.audio", body: "voice", url });
    },
    rules: ["ENC-012", "ENC-015"],
    async cure({ room }, findings) {
      await room.redactNamed(findings);
    },
    // "Synapse lists them until it forgets what was redacted"
    left: ["ENC-015"],
  },
  {
    name: "clear media that nothing shows",
    async plant({ room, house: { alice } }) {
      await room.say("org.example.scan", { url: await uploaded(() => alice.upload()) });
    },
    // an event of a type that nobody knows may say anything
    rules: ["ENC-011", "ENC-015"],
    async cure({ house, room }, findings) {
      const cures = findings.map(({ cure }) => cure).join("\n");
      const medium = cures.match(/quarantine\/ followed by ([^\s,]+)/)![1]!;
      await house.admin("POST", `v1/media/quarantine/${medium}`, {});
      await room.redactNamed(findings);
    },
    left: ["ENC-015"],
  },
  {
    name: "messages from before the encryption",
    made: () => ({ encryption: null }),
    async plant({ room }) {
      await room.say("m.room.message", { msgtype: "m.text", body: "hello" });
      await room.set("m.room.encryption", ENCRYPTION);
    },
    rules: ["ENC-016"],
    cure: replaced,
  },
  {
    name: "a bridge to Telegram, as the room says",
    plant: async ({ room }) =>
      void (await room.set("m.bridge", { protocol: { id: "telegram" }, channel: { id: "1" } }, "telegram")),
    rules: ["ENC-017"],
  },
  {
    name: "a member who looks like a bridge's ghost",
    async plant({ room }) {
      await room.newMember({ name: "telegram_123456", identity: false, keys: false });
    },
    rules: ["ENC-017"],
  },
];
