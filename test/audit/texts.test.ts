import { describe, expect, it } from "vitest";
import { rulesPage } from "../../scripts/rules-page.ts";
import { RULES } from "../../src/audit/index.ts";
import { COMMANDS } from "../../src/commands/index.ts";
import { AREAS, SEVERITIES } from "../../src/model/finding.ts";

/** Commands that rules may name before they are there. */
const TO_COME = ["audit", "enforce", "prove", "team", "evacuate"];

describe("the rules", () => {
  it("have an ID each, in their order", () => {
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual([...ids].sort());
  });

  it("are forty at least", () => {
    expect(RULES.length).toBeGreaterThanOrEqual(40);
  });

  it("have a title each", () => {
    const titles = RULES.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe("what a rule says of itself", () => {
  it.each(RULES.map((rule) => [rule.id, rule] as const))("%s is complete", (id, rule) => {
    expect(id).toMatch(new RegExp(`^SOTTO-(?:${AREAS.join("|")})-\\d{3}$`));
    expect(SEVERITIES).toContain(rule.severity);
    expect(rule.title).toMatch(/^[A-Z].*[^.]$/);
    expect(rule.rationale).toMatch(/^[A-Z].{30,}\.$/s);
    expect(rule.how).toMatch(/\bcurl |`[a-z]+ /);
    expect(rule.cure.length).toBeGreaterThan(10);
    expect(rule.since).toMatch(/^\d+\.\d+\.\d+$/);
    expect(rule.references.length).toBeGreaterThan(0);
    for (const url of rule.references) expect(new URL(url).protocol).toBe("https:");
  });

  it("names commands that there are", () => {
    const texts = RULES.flatMap(({ how, cure }) => [how, cure]).join("\n");
    const named = new Set([...texts.matchAll(/`sotto ([a-z-]+)/g)].map(([, command]) => command!));
    expect(named.size).toBeGreaterThan(0);
    const known = [...Object.keys(COMMANDS), ...TO_COME];
    expect([...named].filter((command) => !known.includes(command))).toEqual([]);
  });
});

describe("the page of the rules", () => {
  const page = rulesPage();

  it("has a row and a section for each", () => {
    for (const { id } of RULES) expect(page.split(id).length - 1).toBeGreaterThanOrEqual(2);
  });

  it("shows requests as code", () => {
    expect(page.replace(/`[^`]*`/g, "")).not.toContain("curl ");
  });
});
