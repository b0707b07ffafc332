import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  baselineOf,
  knownOf,
  readBaseline,
  readFacts,
  saveFacts,
  writeBaseline,
} from "../../../src/service/audit/files.ts";
import { facts, known, room, roomState, unread } from "../../support/facts.ts";
import { finding } from "../../support/report.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const fileIn = (name: string): string => join(temporaryDirectory(), name);

describe("saved facts", () => {
  it("are the same when they are read, and nobody else's to read", () => {
    const { encryption } = roomState();
    const bare = {
      ...encryption!,
      algorithm: undefined,
      rotationPeriodMs: undefined,
      rotationPeriodMsgs: undefined,
    };
    const of = facts({
      rooms: [
        room(),
        room({ roomId: "!b", state: known(roomState({ encryption: bare })) }),
        room({ roomId: "!c", state: unread("429") }),
      ],
    });
    const file = fileIn("facts.json");
    saveFacts(file, of);
    expect(readFacts(file)).toEqual(of);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("keep what a later version of the model says beside them", () => {
    const file = fileIn("facts.json");
    writeFileSync(file, JSON.stringify({ ...facts(), rooms: [{ ...room(), further: 1 }] }));
    expect(readFacts(file).rooms[0]).toMatchObject({ further: 1 });
  });

  it.each([
    ["both a value and a reason", { value: false, unread: "429" }],
    ["neither", {}],
    ["a value of another kind", { value: "no" }],
  ])("are none where a fact has %s", (_what, isListed) => {
    const file = fileIn("facts.json");
    writeFileSync(file, JSON.stringify({ ...facts(), rooms: [{ ...room(), isListed }] }));
    expect(() => readFacts(file)).toThrow(/does not hold facts/);
  });
});

it("a baseline knows of each fingerprint the worst that was seen, or all where it says nothing of it", () => {
  const one = { ruleId: "SOTTO-ENC-001", fingerprint: "a" };
  const limitOf = (...known: Parameters<typeof baselineOf>[0]) => baselineOf(known).get("a");
  const [mild, bad] = [
    { ...one, severity: "low", result: "fail" } as const,
    { ...one, severity: "high", result: "warn" } as const,
  ];
  expect(limitOf(mild, bad)).toEqual({ severity: "high", result: "fail" });
  expect(limitOf(bad, mild)).toEqual({ severity: "high", result: "fail" });
  expect(limitOf(bad)).toEqual({ severity: "high", result: "warn" });
  expect(limitOf(one)).toEqual({ severity: "critical", result: "fail" });
});

it("a baseline has what fails or warns, once, and names nobody", () => {
  const file = fileIn("baseline.json");
  const failed = finding("SOTTO-ENC-001", "critical");
  const warned = finding("SOTTO-ACC-001", "high", "warn");
  writeBaseline(
    file,
    knownOf([failed, failed, warned, finding("SOTTO-ENC-001", "critical", "not-checked")]),
    1,
  );
  expect(readBaseline(file)).toEqual([
    { ruleId: failed.ruleId, fingerprint: failed.fingerprint, severity: "critical", result: "fail" },
    { ruleId: warned.ruleId, fingerprint: warned.fingerprint, severity: "high", result: "warn" },
  ]);
  expect(readFileSync(file, "utf8")).not.toMatch(/!room|message|subject/);
  writeFileSync(file, "{}");
  expect(() => readBaseline(file)).toThrow(/does not hold a baseline/);
});
