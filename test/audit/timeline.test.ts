import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aroundEncryption,
  clearKind,
  inWhatWasRead,
  readPast,
  sinceSetting,
} from "../../src/audit/timeline.ts";
import { ALICE, known, room, roomState, unread } from "../support/facts.ts";
import { envelope, setting } from "./rules/changed.ts";

describe("what stands there readable", () => {
  it.each([
    [{ type: "m.room.message", msgtype: "m.text" }, "message"],
    [{ type: "m.room.message", msgtype: "m.key.verification.request" }, "message"],
    [{ type: "org.matrix.msc3381.poll.start" }, "message"],
    [{ type: "m.room.message", msgtype: "m.audio" }, "media"],
    [{ type: "m.room.message", msgtype: "m.image", media: "encrypted" as const }, "media"],
    [{ type: "m.sticker" }, "sticker"],
    [{ type: "m.call.invite" }, "call"],
    [{ type: "org.matrix.msc4075.rtc.notification" }, "call"],
    [{ type: "m.reaction" }, "reaction"],
    [{ type: "m.room.encrypted" }, null],
    [{ type: "m.room.redaction" }, null],
    [{ type: "m.room.message", msgtype: "m.text", isRedacted: true as const }, null],
    [{ type: "org.matrix.msc3401.call.member", stateKey: ALICE }, null],
    [{ type: "m.voice" }, "media"],
    [{ type: "org.matrix.msc3552.image" }, "media"],
    [{ type: "org.matrix.msc1767.message" }, "message"],
    [{ type: "io.element.call.encryption_keys" }, "call"],
    [{ type: "org.matrix.msc4143.rtc.member" }, null],
    [{ type: "m.key.verification.start" }, null],
    [{ type: "m.room.messages" }, "other"],
    [{ type: "com.example.alarm" }, "other"],
    [{ type: "com.example.alarm", isRedacted: true as const }, null],
  ])("%j: %s", (change, kind) => {
    expect(clearKind(envelope(change))).toBe(kind);
  });
});

describe("before and after", () => {
  const event = fc.constantFrom(
    envelope(),
    setting(),
    envelope({ type: "m.room.message" }),
    setting({ stateKey: "x" }),
  );

  it("share out every event but the first that encrypted the room", () => {
    fc.assert(
      fc.property(fc.array(event), (envelopes) => {
        const { since, before } = aroundEncryption({ isWhole: true, envelopes });
        const isSeen = envelopes.some(
          ({ type, stateKey }) => type === "m.room.encryption" && stateKey === "",
        );
        expect(since.length + before.length).toBe(envelopes.length - (isSeen ? 1 : 0));
        expect(before.some(({ stateKey }) => stateKey === "")).toBe(false);
      }),
    );
  });

  it("go by the first setting for what is clear, and by the last one for what it asks for", () => {
    const [newest, between, oldest] = [envelope(), envelope(), envelope()];
    const envelopes = [newest, setting(), between, setting({ eventId: "$first" }), oldest];
    const timeline = { isWhole: true, envelopes };
    expect(aroundEncryption(timeline).before).toEqual([oldest]);
    expect(sinceSetting(roomState(), timeline)).toEqual([newest]);
  });
});

it("says how far was read", () => {
  expect(inWhatWasRead({ isWhole: true, envelopes: [] })).toBe("in all that can be read");
  expect(inWhatWasRead({ isWhole: false, envelopes: [envelope()] })).toBe(
    "in the newest 1 event; older ones were not read",
  );
});

it("has read nothing where nothing came, whatever the homeserver says of more", () => {
  expect(readPast(room({ timeline: known({ isWhole: false, envelopes: [] }) }))).toHaveProperty("unread");
  expect(readPast(room({ timeline: known({ isWhole: true, envelopes: [] }) }))).toHaveProperty("unread");
  expect(readPast(room({ timeline: unread("429") }))).toEqual({ unread: "429" });
});
