import { vi } from "vitest";
import { resultOf } from "../sotto.ts";
import type { Place, PlantedFault } from "./fault.ts";
import { DAY_MS, POLICY } from "./policy.ts";

/** "`sotto verify USER`": the fingerprint was compared. */
const verify = async ({ house: { bot }, member }: Place): Promise<void> => {
  resultOf(await bot.run(["verify", member.userId, "--fingerprint", member.masterKey]));
};
/** "`sotto trust accept USER`", the same. */
const accept = async ({ house: { bot }, member }: Place): Promise<void> => {
  resultOf(await bot.run(["trust", "accept", member.userId, "--fingerprint", member.masterKey]));
};
const logOutLast = ({ member }: Place): Promise<void> => member.logOutLast();

export const PEOPLE_FAULTS: PlantedFault[] = [
  {
    name: "a member without an identity",
    async plant(place) {
      place.member = await place.room.newMember({ identity: false });
    },
    rules: ["DEV-001"],
    cure: ({ member }) => member.newIdentity(),
  },
  {
    name: "a guard without an identity",
    async plant(place) {
      const member = await place.room.newMember({ identity: false });
      place.member = member;
      await place.room.changeLevels(({ users }) => {
        users[member.userId] = 100;
      });
    },
    rules: ["DEV-001", "DEV-015"],
    cure: ({ member }) => member.newIdentity(),
  },
  {
    name: "an unsigned device",
    hasMember: true,
    plant: ({ member }) => member.logIn(),
    rules: ["DEV-002"],
    cure: logOutLast,
  },
  {
    name: "an unsigned device, which its owner signs",
    hasMember: true,
    plant: ({ member }) => member.logIn(),
    rules: ["DEV-002"],
    cure: ({ member }) => member.signLast(),
  },
  {
    name: "an identity that does not hold together",
    hasMember: true,
    plant: ({ member }) => member.newIdentity("master only"),
    rules: ["DEV-003", "DEV-007"],
    // "resets their identity and is verified anew"
    async cure(place) {
      await place.member.newIdentity();
      await accept(place);
    },
  },
  {
    name: "keys that no client made",
    hasMember: true,
    plant: ({ member }) => member.logIn({ signatures: {} }),
    rules: ["DEV-004"],
  },
  {
    name: "a device that nobody has used for a year",
    hasMember: true,
    async plant({ house, member }) {
      await member.logIn();
      await member.signLast();
      await house.restSince(member.userId, member.lastDeviceId, Date.now() - 365 * DAY_MS);
    },
    rules: ["DEV-005"],
  },
  {
    name: "a device that was not there before",
    hasMember: true,
    async plant({ member }) {
      await member.logIn();
      await member.signLast();
    },
    rules: ["DEV-006"],
    sinceClean: true,
    cure: logOutLast,
  },
  {
    name: "another identity",
    hasMember: true,
    plant: ({ member }) => member.newIdentity(),
    rules: ["DEV-007", "OWN-015"],
    cure: accept,
  },
  {
    name: "another identity of somebody verified",
    hasMember: true,
    async plant(place) {
      await verify(place);
      await place.member.newIdentity();
    },
    rules: ["DEV-008", "OWN-015"],
    cure: verify,
  },
  {
    name: "a member whom nobody verified",
    hasMember: true,
    // it is the policy that asks for it
    rules: ["DEV-009"],
    policy: { ...POLICY, people: { ...POLICY.people, verified: true } },
    cure: verify,
  },
  {
    name: "four devices",
    hasMember: true,
    async plant({ member }) {
      for (let device = 0; device < 3; device += 1) {
        await member.logIn();
        await member.signLast();
      }
    },
    rules: ["DEV-010"],
    cure: logOutLast,
  },
  {
    name: "a closed account that is invited",
    hasMember: true,
    async plant({ house, room, member }) {
      await house.admin("POST", `v1/deactivate/${encodeURIComponent(member.userId)}`, { erase: false });
      // Synapse takes them out of their rooms a little later
      await vi.waitFor(() => room.invite(member.userId), { timeout: 30_000, interval: 100 });
    },
    rules: ["DEV-011"],
  },
  {
    name: "a bot's unsigned device",
    hasMember: true,
    async plant({ house, member }) {
      await house.admin("PUT", `v2/users/${encodeURIComponent(member.userId)}`, { user_type: "bot" });
      await member.logIn();
    },
    rules: ["DEV-012"],
    cure: logOutLast,
  },
];
