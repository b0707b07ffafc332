import { expect, it } from "vitest";
import { undecryptable } from "../../../src/audit/rules/own-016-undecryptable.ts";
import { ROOM } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where none is left", () => {
  expect(judge(undecryptable, { undecryptable: { [ROOM]: 0 } })).toEqual([
    expect.objectContaining({ result: "pass", message: "Every message could be decrypted" }),
  ]);
});

it("finds each room", () => {
  expect(judge(undecryptable, { undecryptable: { [ROOM]: 2 } })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "2 messages of this room could not be decrypted",
      cure: expect.stringContaining("sotto verify"),
      subject: { roomId: ROOM },
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(undecryptable, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
