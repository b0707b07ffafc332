import * as z from "zod/mini";
import { SottoError } from "../errors.ts";
import { AREAS, type RuleId, SEVERITIES } from "../model/finding.ts";
import type { Waiver } from "../model/report.ts";
import { described } from "../model/settings.ts";
import { schemaFaults } from "./faults.ts";
import { partAt, plain, readWritten } from "./written.ts";

const id = (sigil: string, example: string) =>
  z.string().check(z.regex(new RegExp(`^\\${sigil}\\S+$`), `an ID such as ${example}`));

const waiverSchema = z
  .strictObject({
    fingerprint: described(
      "The one finding that it covers; or `rule`, and what the finding is about.",
      z.optional(z.string().check(z.regex(/^[0-9a-f]{16}$/, "a fingerprint: 16 hexadecimal digits"))),
    ),
    rule: z.optional(
      z
        .string()
        .check(z.regex(new RegExp(`^SOTTO-(?:${AREAS.join("|")})-\\d+$`), "a rule such as SOTTO-ENC-001")),
    ),
    room: z.optional(id("!", "!abc")),
    user: z.optional(id("@", "@alice:example.org")),
    device: z.optional(z.string()),
    event: z.optional(id("$", "$abc")),
    severity: described(
      "The most severe that it covers: what gets worse fails. Without it, all.",
      z.optional(z.enum(SEVERITIES)),
    ),
    result: described("`warn`: it covers no fail. Without it, both.", z.optional(z.enum(["warn", "fail"]))),
    owner: described("Who answers for it. Without one it covers nothing.", z.optional(z.string())),
    reason: z.optional(z.string()),
    expires: described("The last day on which it holds.", z.optional(z.iso.date("a day such as 2026-12-31"))),
  })
  .check(
    z.refine(
      ({ fingerprint, rule }) => (fingerprint === undefined) !== (rule === undefined),
      "either a fingerprint, or a rule with what the finding is about",
    ),
  );

const fileSchema = z.strictObject({ waivers: z.array(waiverSchema) });

/**
 * Findings that somebody has signed for. Those without owner, reason or end are read too: they cover nothing, and the
 * audit reports them.
 *
 * @throws SottoError `CONFIG_NOT_FOUND`; `CONFIG_INVALID` with a line for each fault
 */
export function loadWaivers(file: string): Waiver[] {
  const written = readWritten(file);
  const result = fileSchema.safeParse(plain(written));
  if (!result.success) {
    const faults = schemaFaults(fileSchema, result.error, written);
    throw new SottoError(
      "CONFIG_INVALID",
      faults.map(({ where, message }) => `${where}: ${message}`).join("\n"),
    );
  }
  return result.data.waivers.map(
    (
      { fingerprint, rule, room, user, device, event, severity, result, owner, reason, expires },
      at,
    ): Waiver => ({
      ...(fingerprint !== undefined && { fingerprint }),
      ...(rule !== undefined && {
        ruleId: rule as RuleId,
        subject: {
          ...(room !== undefined && { roomId: room }),
          ...(user !== undefined && { userId: user }),
          ...(device !== undefined && { deviceId: device }),
          ...(event !== undefined && { eventId: event }),
        },
      }),
      ...(severity !== undefined && { severity }),
      ...(result !== undefined && { result }),
      ...(owner !== undefined && { owner }),
      ...(reason !== undefined && { reason }),
      ...(expires !== undefined && { expires }),
      where: partAt(written, ["waivers", at]).where,
    }),
  );
}
