import { record } from "../recordings.ts";
import { resultOf } from "../sotto.ts";
import type { Place, PlantedFault } from "./fault.ts";

/** Our account speaks to one who is alone with it: whoever else is there has a device of their own. */
async function speak({ house, room, member }: Place): Promise<void> {
  await house.alice.call("POST", room.path("leave"), {});
  const voice = await record(`to-${member.userId.slice(1, 10)}.ogg`, undefined, "-c:a", "libopus");
  await house.sotto.sendVoice(room.roomId, { path: voice });
}
const limited = async ({ house }: Place, messagesPerSecond: number): Promise<void> => {
  const path = `v1/users/${encodeURIComponent(house.bot.userId)}/override_ratelimit`;
  await house.admin("POST", path, { messages_per_second: messagesPerSecond, burst_count: messagesPerSecond });
};

/** What shows when our own account speaks, and of its own. */
export const SERVICE_FAULTS: PlantedFault[] = [
  {
    name: "a device without a one-time key",
    hasMember: true,
    plant: speak,
    rules: ["DEV-013"],
    // "if it stays so, they log out and in again"
    cure: ({ member }) => member.changeDevice({ signed: true }),
  },
  {
    name: "a device from which our keys are withheld",
    hasMember: true,
    async plant(place) {
      await place.member.changeDevice({ signed: false });
      await speak(place);
    },
    rules: ["DEV-002", "DEV-014"],
    cure: ({ member }) => member.changeDevice({ signed: true }),
  },
  {
    name: "a limit on our own messages",
    plant: (place) => limited(place, 1),
    rules: ["SRV-012"],
    cure: (place) => limited(place, 0),
  },
  {
    name: "a key backup that was deleted",
    async plant({ house }) {
      const { version } = await house.call<{ version: string }>("GET", "room_keys/version");
      await house.call("DELETE", `room_keys/version/${version}`);
    },
    rules: ["OWN-005"],
    async cure({ house: { bot } }) {
      resultOf(await bot.run(["recovery", "create", "--recovery-key-file", bot.recoveryKeyFile]));
    },
  },
];
