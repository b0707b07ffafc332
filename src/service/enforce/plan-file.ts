import { readFileSync } from "node:fs";
import { SottoError } from "../../errors.ts";
import { ENFORCEMENT_SCHEMA_VERSION, type EnforcementPlan } from "../../model/enforcement.ts";

/**
 * A plan that `sotto enforce plan --json` has printed. Nothing in it is ever carried out: it is only compared with what
 * is planned now.
 *
 * @throws SottoError `USAGE`
 */
export function readPlan(file: string): EnforcementPlan {
  let plan: Partial<EnforcementPlan> | null;
  try {
    plan = JSON.parse(readFileSync(file, "utf8")) as Partial<EnforcementPlan> | null;
  } catch (cause) {
    throw new SottoError("USAGE", `${file} cannot be read as a plan`, { cause });
  }
  const isPlan =
    plan?.schemaVersion === ENFORCEMENT_SCHEMA_VERSION &&
    Array.isArray(plan.rooms) &&
    plan.rooms.every((room) => typeof room?.roomId === "string" && Array.isArray(room.steps));
  if (isPlan) return plan as EnforcementPlan;
  throw new SottoError("USAGE", `${file} holds no plan`, {
    cure: "write one with `sotto enforce plan --json`",
  });
}
