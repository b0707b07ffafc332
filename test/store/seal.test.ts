import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSealer, deriveKey } from "../../src/store/seal.ts";

const KEY = Buffer.alloc(32, 1);
const damaged = expect.objectContaining({ code: "STORE_DAMAGED" });

describe("a sealed value", () => {
  const sealer = createSealer(KEY);

  it("opens to the same text at the same place", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), (text, place) => {
        expect(sealer.open(sealer.seal(text, place), place)).toBe(text);
      }),
    );
  });

  it("is never the same twice, and never shows its text", () => {
    const text = "the attachment's key";
    const [first, second] = [sealer.seal(text, "job"), sealer.seal(text, "job")];
    expect(first).not.toEqual(second);
    expect(Buffer.from(first).includes("attachment")).toBe(false);
  });

  it("does not open when any one byte was changed", () => {
    const sealed = sealer.seal("the attachment's key", "job");
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(sealed);
        changed[at] = changed[at]! ^ flip;
        expect(() => sealer.open(changed, "job")).toThrow(damaged);
      }),
    );
  });

  it("does not open when it was cut", () => {
    const sealed = sealer.seal("the attachment's key", "job");
    for (let length = 0; length < sealed.length; length++) {
      expect(() => sealer.open(sealed.subarray(0, length), "job")).toThrow(damaged);
    }
  });

  it("does not open at another place, nor with another key", () => {
    const sealed = sealer.seal("the attachment's key", "job 1");
    expect(() => sealer.open(sealed, "job 2")).toThrow(damaged);
    expect(() => createSealer(Buffer.alloc(32, 2)).open(sealed, "job 1")).toThrow(damaged);
  });
});

describe("a derived key", () => {
  it("is the same for the same purpose and tells nothing of the store key", () => {
    const key = deriveKey(KEY, "crypto engine");
    expect(key).toEqual(deriveKey(KEY, "crypto engine"));
    expect(key).toHaveLength(32);
    expect(key).not.toEqual(new Uint8Array(KEY));
  });

  it("is another for each purpose and each store key", () => {
    expect(deriveKey(KEY, "one")).not.toEqual(deriveKey(KEY, "two"));
    expect(deriveKey(KEY, "one")).not.toEqual(deriveKey(Buffer.alloc(32, 2), "one"));
  });
});
