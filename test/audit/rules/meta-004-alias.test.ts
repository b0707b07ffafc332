import { expect, it } from "vitest";
import { alias } from "../../../src/audit/rules/meta-004-alias.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const none = policy({ aliases: false });
const published = inState({ aliases: ["#team:example.org"] });

it("passes a room without", () => {
  expect(results(alias, {}, none)).toEqual(["pass"]);
});

it("finds one, and names the request that removes it", () => {
  expect(judge(alias, published, none)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("found by #team:example.org"),
      cure: expect.stringContaining(
        "DELETE /_matrix/client/v3/directory/room/ followed by #team:example.org",
      ),
    }),
  ]);
});

it("has nothing to judge where the policy lets rooms have them", () => {
  expect(results(alias, published)).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(alias, noState, none)).toEqual(["not-checked"]);
});
