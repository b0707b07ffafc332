import { expect, it } from "vitest";
import { advisories } from "../../../src/audit/rules/srv-017-advisories.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./server.ts";

it("passes a version above all, and says until when it knows", () => {
  expect(judge(advisories, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "Synapse 1.161.0 has none that was known on 2026-10-09; there may be newer ones",
    }),
  ]);
});

it("finds what a version has, as bad as the worst of it", () => {
  expect(judge(advisories, { software: known({ name: "Synapse", version: "1.157.2rc1 (b=main)" }) })).toEqual(
    [
      expect.objectContaining({
        result: "fail",
        message:
          "Synapse 1.157.2rc1 (b=main) has weaknesses known on 2026-10-09: another homeserver reads events of rooms it is not in (GHSA-27p5-4f45-gx76), another homeserver makes clients log out and lose their keys (GHSA-95fh-hv8c-chvq), another homeserver sends to devices in a stranger's name (GHSA-rgv2-84w7-5j9p), and 8 more",
        cure: expect.stringContaining("update Synapse to 1.157.2 at least"),
        severity: "high",
      }),
    ],
  );
});

it("is as bad as the worst of them", () => {
  expect(judge(advisories, { software: known({ name: "Synapse", version: "1.67.0" }) })).toEqual([
    expect.objectContaining({
      result: "fail",
      message:
        "Synapse 1.67.0 has weaknesses known on 2026-10-09: another homeserver reads events of rooms it is not in (GHSA-27p5-4f45-gx76), another homeserver makes clients log out and lose their keys (GHSA-95fh-hv8c-chvq), another homeserver sends to devices in a stranger's name (GHSA-rgv2-84w7-5j9p), and 19 more",
      severity: "high",
    }),
  ]);
});

it("knows no weakness of other servers", () => {
  expect(judge(advisories, { software: known({ name: "Tuwunel", version: "1.0.0" }) })).toEqual([
    expect.objectContaining({
      result: "not-applicable",
      message: "Tuwunel is not Synapse: no weakness of it is known here",
    }),
  ]);
});

it("compares no version that it does not know", () => {
  expect(judge(advisories, { software: known({ name: "Synapse", version: "develop" }) })).toEqual([
    expect.objectContaining({
      result: "not-checked",
      message: "develop is no version of Synapse that can be compared",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(advisories, { software: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});
