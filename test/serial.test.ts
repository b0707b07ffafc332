import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Serial } from "../src/serial.ts";

describe("work for one key", () => {
  it("runs strictly one after another, in the order it was given", async () => {
    const serial = new Serial();
    const seen: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = serial.run("room", async () => {
      seen.push("one begins");
      await first.promise;
      seen.push("one ends");
    });
    const two = serial.run("room", async () => void seen.push("two"));
    await Promise.resolve();
    first.resolve();
    await Promise.all([one, two]);
    expect(seen).toEqual(["one begins", "one ends", "two"]);
  });

  it("goes on after a failure, which only its own caller sees", async () => {
    const serial = new Serial();
    const failing = serial.run("room", () => Promise.reject(new Error("no")));
    const next = serial.run("room", async () => "done");
    await expect(failing).rejects.toThrow("no");
    await expect(next).resolves.toBe("done");
  });

  it("fails as well when it throws before its first await", async () => {
    const serial = new Serial();
    const throwing = serial.run("room", () => {
      throw new Error("at once");
    });
    await expect(throwing).rejects.toThrow("at once");
    await expect(serial.run("room", async () => 1)).resolves.toBe(1);
  });

  it("may begin anew after everything was done", async () => {
    const serial = new Serial();
    await serial.run("room", async () => 1);
    await expect(serial.run("room", async () => 2)).resolves.toBe(2);
  });
});

describe("work for different keys", () => {
  it("runs side by side", async () => {
    const serial = new Serial();
    const other = Promise.withResolvers<void>();
    const waiting = serial.run("one", () => other.promise);
    await serial.run("two", async () => other.resolve());
    await expect(waiting).resolves.toBeUndefined();
  });

  it("never has two of one key at a time, whatever comes in which order", async () => {
    const task = fc.record({ key: fc.constantFrom("a", "b", "c"), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(task, { maxLength: 30 }), fc.scheduler(), async (tasks, scheduler) => {
        const serial = new Serial();
        const running = new Set<string>();
        const order = new Map<string, number[]>();
        const results = tasks.map(({ key, fails }, index) =>
          serial.run(key, async () => {
            expect(running.has(key)).toBe(false);
            running.add(key);
            order.set(key, [...(order.get(key) ?? []), index]);
            await scheduler.schedule(Promise.resolve());
            running.delete(key);
            if (fails) throw new Error("no");
          }),
        );
        const settled = await scheduler.waitFor(Promise.allSettled(results));
        expect(settled.map(({ status }) => status === "rejected")).toEqual(tasks.map(({ fails }) => fails));
        for (const indexes of order.values()) expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });
});
