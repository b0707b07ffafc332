import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSignedBySession, megolmMessageIndex } from "../../src/model/megolm-message.ts";
import { megolmSession } from "../support/store.ts";

/** https://protobuf.dev/programming-guides/encoding/#varints */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}
/** Version, index, then a ciphertext of any content. https://spec.matrix.org/v1.19/olm-megolm/megolm/#message-format */
const message = (index: readonly number[], ciphertext: Uint8Array = new Uint8Array(80)): Buffer =>
  Buffer.from([3, 0x08, ...index, 0x12, ciphertext.length % 0x80, ...ciphertext]);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
const refused = expect.objectContaining({ code: "DECRYPT_FAILED" });

describe("the index of a Megolm message", () => {
  it("is read for every index there is, whatever the ciphertext", () => {
    const index = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(index, fc.uint8Array({ minLength: 0, maxLength: 60 }), (value, ciphertext) => {
        expect(megolmMessageIndex(base64(message(varint(value), ciphertext)))).toBe(value);
      }),
    );
  });

  it.each([0, 1, 127, 128, 16_383, 16_384, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])(
    "is %d at a byte's edge",
    (value) => {
      expect(megolmMessageIndex(base64(message(varint(value))))).toBe(value);
    },
  );

  /** The first bytes of an event that libolm encrypted, as the specification's own examples begin. */
  it("is 0 for the first message of a session", () => {
    expect(megolmMessageIndex("AwgAEpABqOCAaP6NqXquQcEsrGCVInjRTLHmVH8exqYO0b5Aulhg")).toBe(0);
  });

  it.each([2 ** 32, 2 ** 32 + 5, 2 ** 35 - 1])("is refused where it does not fit 32 bits: %d", (value) => {
    expect(() => megolmMessageIndex(base64(message(varint(value))))).toThrow(refused);
  });

  it("is refused where it does not end", () => {
    expect(() => megolmMessageIndex(base64(message([0x80, 0x80, 0x80, 0x80, 0x80, 0x80])))).toThrow(refused);
    expect(() => megolmMessageIndex(base64(Buffer.from([3, 0x08, 0x80])))).toThrow(refused);
  });

  it.each([
    ["nothing", ""],
    ["no base64", "!!!!"],
    ["another version", base64(Buffer.from([4, 0x08, 0, 0x12]))],
    ["another field first", base64(Buffer.from([3, 0x12, 0, 0x08]))],
    ["a version alone", base64(Buffer.from([3]))],
  ])("is refused where there is %s", (_what, ciphertext) => {
    expect(() => megolmMessageIndex(ciphertext)).toThrow(refused);
  });

  it("never ends in anything but a 32-bit number or a refusal", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array().map(base64)), (text) => {
        try {
          const index = megolmMessageIndex(text);
          expect(Number.isInteger(index) && index >= 0 && index <= 0xffff_ffff).toBe(true);
        } catch (thrown) {
          expect(thrown).toEqual(refused);
        }
      }),
    );
  });
});

describe("the signature of a Megolm message", () => {
  it("is the session's own, over every byte before it", () => {
    const { sessionId, ciphertext } = megolmSession();
    const bytes = Buffer.from(ciphertext(5), "base64");
    expect(isSignedBySession(base64(bytes), sessionId)).toBe(true);
    expect(isSignedBySession(base64(bytes), megolmSession().sessionId)).toBe(false);
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(isSignedBySession(base64(changed), sessionId)).toBe(false);
    }
  });

  it.each(["", "!!", "session", "A".repeat(43), "A".repeat(44)])(
    "is not of a session ID that is %j",
    (sessionId) => {
      expect(isSignedBySession(megolmSession().ciphertext(0), sessionId)).toBe(false);
      expect(isSignedBySession("", sessionId)).toBe(false);
    },
  );
});
