import { describe, expect, it } from "vitest";
import { Untimely } from "../../src/service/untimely.ts";

function setUp() {
  const at = { ms: 0 };
  return { at, untimely: new Untimely(() => at.ms) };
}

describe("an event without its key", () => {
  it("waits for the key of its session", () => {
    const { untimely } = setUp();
    untimely.lacksKey("$a", "A", untimely.keyArrivals);
    untimely.lacksKey("$b", "B", untimely.keyArrivals);
    untimely.keysArrived(["A", "C"]);
    expect([untimely.has("$a"), untimely.has("$b")]).toEqual([false, true]);
  });

  it("waits no longer than it is to, and is then known to have waited", () => {
    const { at, untimely } = setUp();
    untimely.lacksKey("$a", "A", untimely.keyArrivals, 100);
    at.ms = 99;
    expect([untimely.has("$a"), untimely.hasWaited("$a")]).toEqual([true, false]);
    at.ms = 100;
    expect([untimely.has("$a"), untimely.hasWaited("$a")]).toEqual([false, true]);
    untimely.lacksKey("$a", "A", untimely.keyArrivals);
    expect([untimely.has("$a"), untimely.hasWaited("$a")]).toEqual([true, false]);
  });

  it("is tried again if a key came while it was tried", () => {
    const { untimely } = setUp();
    const { keyArrivals } = untimely;
    untimely.keysArrived(["A"]);
    untimely.lacksKey("$a", "A", keyArrivals);
    expect(untimely.has("$a")).toBe(false);
  });
});

it("forgets the oldest of very many", () => {
  const { untimely } = setUp();
  for (let count = 0; count <= 5_000; count += 1) untimely.lacksKey(`$${count}`, "A", untimely.keyArrivals);
  expect([untimely.has("$0"), untimely.has("$1"), untimely.has("$5000")]).toEqual([false, true, true]);
});

describe("an event whose recording could not be had", () => {
  it("rests, longer each time", () => {
    const { at, untimely } = setUp();
    untimely.failed("$a");
    at.ms = 14_999;
    expect(untimely.has("$a")).toBe(true);
    at.ms = 15_000;
    expect(untimely.has("$a")).toBe(false);
    untimely.failed("$a");
    at.ms = 44_999;
    expect(untimely.has("$a")).toBe(true);
    at.ms = 45_000;
    expect(untimely.has("$a")).toBe(false);
  });
});
