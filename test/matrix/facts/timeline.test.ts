import { describe, expect, it } from "vitest";
import { cutTimeline, envelopeOf, type FetchPage, readTimeline } from "../../../src/matrix/facts/timeline.ts";
import type { RoomEvent } from "../../../src/model/event.ts";
import { event, state } from "../../support/store.ts";

/** A past of which a homeserver gives so many events a page. */
function past(events: RoomEvent[], { perPage = 10, endsAlways = false } = {}) {
  const asked: { from: string | undefined; limit: number }[] = [];
  const fetchPage: FetchPage = async (from, limit) => {
    asked.push({ from, limit });
    const at = Number(from ?? 0);
    const chunk = events.slice(at, at + Math.min(perPage, limit));
    const hasMore = at + chunk.length < events.length;
    return { chunk, ...((hasMore || endsAlways) && { end: String(at + chunk.length) }) };
  };
  return { asked, fetchPage };
}
const messages = (count: number) => Array.from({ length: count }, () => event("m.room.encrypted", {}));
const creation = () => state("m.room.create", {});

describe("a room's past", () => {
  it("is whole when its creation was reached, without a further request", async () => {
    const { asked, fetchPage } = past([...messages(24), creation()], { endsAlways: true });
    const { isWhole, envelopes } = await readTimeline(fetchPage, 1_000);
    expect([isWhole, envelopes.length, asked.length]).toEqual([true, 25, 3]);
  });

  it("is whole when the homeserver says that nothing more may be seen", async () => {
    const { fetchPage } = past(messages(25));
    expect(await readTimeline(fetchPage, 1_000)).toMatchObject({ isWhole: true, envelopes: { length: 25 } });
  });

  it("is not whole where it is deeper than was asked for", async () => {
    const { asked, fetchPage } = past([...messages(100), creation()], { perPage: 1_000 });
    const { isWhole, envelopes } = await readTimeline(fetchPage, 30);
    expect([isWhole, envelopes.length]).toEqual([false, 30]);
    expect(asked).toEqual([{ from: undefined, limit: 30 }]);
  });

  it("is not whole where the homeserver gave more than it was asked for, and the beginning was cut off", async () => {
    const events = [...messages(4), creation()];
    const fetchPage: FetchPage = async () => ({ chunk: events });
    expect(await readTimeline(fetchPage, 3)).toMatchObject({ isWhole: false, envelopes: { length: 3 } });
  });

  it("ends where a homeserver repeats itself, and is unread where it gives empty pages for ever", async () => {
    const [one] = messages(1);
    let pages = 0;
    const forever: FetchPage = async () => {
      pages += 1;
      return { chunk: [one], end: String(pages) };
    };
    await expect(readTimeline(forever, 1_000)).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
    expect(pages).toBeLessThan(50);
    const same: FetchPage = async () => ({ chunk: [], end: "same" });
    expect((await readTimeline(same, 1_000)).envelopes).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["no page", "page"],
    ["no list", { chunk: {} }],
    ["something else than events", { chunk: [{ type: "m.room.message" }] }],
  ])("is unread where the homeserver gives %s", async (_what, page) => {
    await expect(readTimeline(async () => page, 10)).rejects.toMatchObject({ code: "HOMESERVER_ERROR" });
  });

  it("kept deeper than asked for is cut, and then not whole", () => {
    const envelopes = messages(3).map(envelopeOf);
    expect(cutTimeline({ isWhole: true, envelopes }, 3)).toEqual({ isWhole: true, envelopes });
    expect(cutTimeline({ isWhole: true, envelopes }, 2)).toEqual({
      isWhole: false,
      envelopes: envelopes.slice(0, 2),
    });
  });
});

describe("an envelope", () => {
  const content = { msgtype: "m.text", body: "what was said", formatted_body: "<b>what was said</b>" };

  it("holds nothing of what was said", () => {
    const said = envelopeOf(event("m.room.message", content));
    expect(said).toEqual({
      eventId: expect.any(String),
      type: "m.room.message",
      sender: expect.any(String),
      sentMs: expect.any(Number),
      msgtype: "m.text",
    });
  });

  it("of an encrypted event names its session, and what it relates to in clear", () => {
    const encrypted = {
      session_id: "session",
      ciphertext: "AwgA",
      msgtype: "m.text",
      "m.relates_to": { rel_type: "m.thread", event_id: "$root" },
    };
    const found = envelopeOf(event("m.room.encrypted", encrypted));
    expect(found).toMatchObject({ sessionId: "session", relation: "m.thread" });
    expect(JSON.stringify(found)).not.toMatch(/AwgA|m\.text|root/);
  });

  it.each<[string, Record<string, unknown>, "clear" | "encrypted" | undefined]>([
    ["clear", { url: "mxc://example.org/a" }, "clear"],
    ["encrypted", { file: { url: "mxc://example.org/a" } }, "encrypted"],
    ["none", { url: 7 }, undefined],
  ])("tells media that are %s", (_what, more, media) => {
    expect(envelopeOf(event("m.sticker", more)).media).toBe(media);
  });

  it("of a redacted event says so", () => {
    expect(envelopeOf(event("m.room.message", {}, { unsigned: { redacted_because: {} } })).isRedacted).toBe(
      true,
    );
  });

  it.each<[object, true | undefined]>([
    [{ replaces_state: "$before" }, true],
    [{ prev_content: {} }, true],
    [{ replaces_state: 7, age: 1 }, undefined],
  ])("of a guard that took another's place says so: %j", (unsigned, isChange) => {
    const more = { unsigned: unsigned as never };
    expect(envelopeOf({ ...state("m.room.encryption", {}), ...more }).isChange).toBe(isChange);
    expect(envelopeOf(event("m.room.encryption", {}, more))).not.toHaveProperty("isChange");
  });

  it("keeps the content of state that guards encryption, up to an event's size, and no other's", () => {
    const guard = { algorithm: "m.megolm.v1.aes-sha2" };
    expect(envelopeOf(state("m.room.encryption", guard)).content).toEqual(guard);
    expect(envelopeOf(state("m.room.encryption", { much: "x".repeat(100_000) })).content).toBeUndefined();
    expect(envelopeOf(state("m.room.topic", { topic: "secret" }))).not.toHaveProperty("content");
    expect(envelopeOf(event("m.room.encryption", guard))).not.toHaveProperty("content");
  });

  it.each([null, 7, "text", [], { rel_type: {} }, { "m.in_reply_to": 7 }])(
    "of any content is one: %j",
    (value) => {
      const fields = { session_id: value, msgtype: value, url: value, file: value, "m.relates_to": value };
      for (const type of ["m.room.encrypted", "m.room.message", "x".repeat(1_000_000)])
        expect(envelopeOf(event(type, fields, { unsigned: value as never })).type.length).toBeLessThan(300);
    },
  );
});
