import { defineRule } from "../rule.ts";
import { named } from "../say.ts";
import { withheldFrom } from "../withheld.ts";

const WHY = new Map([
  ["m.blacklisted", "the device is blocked"],
  ["m.unverified", "its owner has not signed it, or their identity is not trusted"],
  ["m.unauthorised", "it may not read the room"],
]);

export const withheldKeys = defineRule({
  id: "SOTTO-DEV-014",
  title: "No device is kept from our room keys",
  severity: "info",
  rationale:
    "What we withhold from a device its owner cannot read there: it is meant so, and they may wonder.",
  how: "`sotto why` of a message names each device that did not get its key, and the reason",
  cure: "the user verifies the device from another of theirs, or logs it out; `sotto devices` lists what we think of it",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroom_keywithheld"],
  since: "0.1.0",
  about: "user",
  reads: (user, { facts }) => withheldFrom(user, facts, (code) => code !== "m.no_olm"),
  check: (withheld, _context, { userId }) =>
    withheld.map(({ deviceId, codes, rooms }) => ({
      result: "warn",
      ...(deviceId !== null && { subject: { deviceId } }),
      message: `we withhold the keys of ${named(rooms)} from ${deviceId === null ? `every device of ${userId}` : `${userId}'s device ${deviceId}`}: ${named(codes.map((code) => WHY.get(code) ?? code))}`,
    })),
});
