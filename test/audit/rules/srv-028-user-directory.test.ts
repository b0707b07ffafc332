import { expect, it } from "vitest";
import { userDirectory } from "../../../src/audit/rules/srv-028-user-directory.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they are", () => {
  expect(judge(userDirectory, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "People are found by those only who share a room with them",
    }),
  ]);
});

it("finds that all are found", () => {
  expect(judge(userDirectory, config({ isEveryoneSearchable: true }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "every user can search for every other",
      cure: expect.stringContaining("search_all_users: false"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(userDirectory, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
