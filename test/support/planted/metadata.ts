import { randomBytes } from "node:crypto";
import type { PlantedFault } from "./fault.ts";
import { DAY_MS } from "./policy.ts";
import type { Room } from "./room.ts";

async function nameAddress(room: Room, localpart: string): Promise<void> {
  const alias = `#${localpart}-${randomBytes(3).toString("hex")}:${room.house.synapse.serverName}`;
  await room.house.call("PUT", `directory/room/${encodeURIComponent(alias)}`, { room_id: room.roomId });
  await room.set("m.room.canonical_alias", { alias });
}

export const METADATA_FAULTS: PlantedFault[] = [
  {
    name: "a name that tells",
    plant: async ({ room }) => void (await room.set("m.room.name", { name: "The Clinic" })),
    rules: ["META-001"],
  },
  {
    name: "a topic that tells",
    plant: async ({ room }) => void (await room.set("m.room.topic", { topic: "Night at the clinic" })),
    rules: ["META-002"],
  },
  {
    name: "an address that tells, where there should be none",
    plant: ({ room }) => nameAddress(room, "clinic"),
    rules: ["META-003", "META-004"],
    // the same for both
    cure: async ({ room }) => void (await room.set("m.room.canonical_alias", {})),
  },
  { name: "an address", plant: ({ room }) => nameAddress(room, "team"), rules: ["META-004"] },
  {
    name: "a picture",
    plant: async ({ room, house: { alice } }) => {
      const { content_uri: url } = await alice.upload();
      await room.set("m.room.avatar", { url });
    },
    rules: ["META-005"],
  },
  {
    name: "an answer",
    async plant({ room }) {
      const question = await room.sayEncrypted("a session");
      await room.sayEncrypted("a session", { "m.relates_to": { "m.in_reply_to": { event_id: question } } });
    },
    rules: ["META-006"],
    // "write anew instead of answering", and take the answer back
    async cure({ room }) {
      const { chunk } = await room.house.call<{ chunk: { event_id: string; content: object }[] }>(
        "GET",
        room.path("messages?dir=b&limit=1"),
      );
      await room.redact(chunk[0]!.event_id);
    },
  },
  {
    name: "a reaction in clear",
    async plant({ room }) {
      const message = await room.sayEncrypted("a session");
      await room.say("m.reaction", {
        "m.relates_to": { rel_type: "m.annotation", event_id: message, key: "+" },
      });
    },
    rules: ["META-007"],
    async cure({ room }) {
      await room.changeLevels(({ events }) => {
        events["m.reaction"] = 101;
      });
      const { chunk } = await room.house.call<{ chunk: { event_id: string; type: string }[] }>(
        "GET",
        room.path("messages?dir=b&limit=5"),
      );
      await room.redact(chunk.find(({ type }) => type === "m.reaction")!.event_id);
    },
  },
  {
    name: "a device that is called by its address",
    hasMember: true,
    plant: async ({ member }) =>
      void (await member.call("PUT", `devices/${member.deviceId}`, { display_name: "desk 192.168.1.7" })),
    rules: ["META-008"],
  },
  {
    name: "messages that are kept for two years",
    plant: async ({ room }) => void (await room.set("m.room.retention", { max_lifetime: 730 * DAY_MS })),
    rules: ["META-009"],
  },
];
