import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { enforcementJsonSchema } from "../../scripts/sample-config.ts";
import { enforcementSchema, schemaErrors } from "../support/schemas.ts";

// That real output fits is shown by test/e2e/enforce.test.ts and enforce-harder.test.ts.

const errors = (document: unknown): string[] => schemaErrors(enforcementSchema(), document);
const step = {
  ...{ id: "0123456789ab", roomId: "!room", what: "x", reversible: true, needs: 50, has: "creator" },
  request: { kind: "unlist" },
};
const plan = {
  ...{ schemaVersion: 1, madeMs: 1, by: "@bot:example.org", cleared: [] },
  rooms: [{ roomId: "!room", steps: [step], notes: [] }],
};

describe("docs/enforce.schema.json", () => {
  it("is made of the schema in the source", () => {
    const published = readFileSync(join(import.meta.dirname, "../../docs/enforce.schema.json"), "utf8");
    expect(published).toBe(enforcementJsonSchema());
  });

  it("takes a plan and what was done, and finds what is wrong in them", () => {
    expect(errors(plan)).toEqual([]);
    expect(errors({ schemaVersion: 1, outcomes: [{ step, result: "stale", message: "x" }], plan })).toEqual(
      [],
    );
    expect(errors({ ...plan, schemaVersion: 2 })).not.toEqual([]);
    expect(errors({ ...plan, extra: 1 })).not.toEqual([]);
    expect(errors({ schemaVersion: 1, outcomes: [{ step, result: "perhaps" }], plan })).not.toEqual([]);
    const other = { ...step, request: { kind: "destroy" } };
    expect(errors({ ...plan, rooms: [{ roomId: "!room", steps: [other], notes: [] }] })).not.toEqual([]);
  });
});
