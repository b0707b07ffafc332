import { expect, it } from "vitest";
import { clearMessages } from "../../../src/audit/rules/enc-011-clear-messages.ts";
import { ALICE } from "../../support/facts.ts";
import { envelope, saying } from "./changed.ts";
import { findsClear } from "./clear.ts";
import { judge, results } from "./judge.ts";

const clear = envelope({ eventId: "$clear", type: "m.room.message", msgtype: "m.text" });

findsClear(clearMessages, {
  ...{ noun: "message", clear },
  other: envelope({ type: "m.room.message", msgtype: "m.image", media: "clear" }),
});

it("warns of events of which nobody here knows what they say", () => {
  const strange = envelope({ eventId: "$alarm", type: "com.example.alarm" });
  expect(judge(clearMessages, saying(strange, clear))).toEqual([
    expect.objectContaining({ result: "fail" }),
    expect.objectContaining({
      ...{ result: "warn", severity: "low" },
      message: expect.stringContaining("com.example.alarm"),
      cure: expect.stringMatching(
        new RegExp(`what ${ALICE} sent there.*redact \\$alarm, which cannot be undone`),
      ),
    }),
  ]);
  expect(results(clearMessages, saying(strange))).toEqual(["warn"]);
  expect(results(clearMessages, saying({ ...strange, isRedacted: true }))).toEqual(["pass"]);
});
