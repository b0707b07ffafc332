import { clearCalls } from "../../../src/audit/rules/enc-014-clear-calls.ts";
import { ALICE } from "../../support/facts.ts";
import { envelope } from "./changed.ts";
import { findsClear } from "./clear.ts";

findsClear(clearCalls, {
  noun: "call event",
  clear: envelope({ eventId: "$clear", type: "m.call.invite" }),
  other: envelope({ type: "org.matrix.msc3401.call.member", stateKey: ALICE }),
});
