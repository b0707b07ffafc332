import { expect, it } from "vitest";
import { noticeOf, wordsFor } from "../../src/service/evacuate/words.ts";
import { OWN, ROOM } from "../support/store.ts";

const words = (more: { message?: string; to?: string; isDrill?: boolean }) =>
  wordsFor({ message: undefined, to: undefined, isDrill: false, ...more }, OWN);

it("people are told what was said, and where to go by a link that clients open", () => {
  expect(words({ message: "Leave.", to: "#safe:example.org" })).toBe(
    "Leave.\nGo to #safe:example.org\nhttps://matrix.to/#/%23safe%3Aexample.org",
  );
  expect(words({ to: ROOM })).toContain(`https://matrix.to/#/${encodeURIComponent(ROOM)}?via=example.org`);
  expect(words({})).not.toBe("");
});

it("a drill says so before anything else", () => {
  expect(words({ message: "Leave.", isDrill: true })).toMatch(/^DRILL\b.*\nLeave\.$/);
});

it("nothing is said that is empty, too long, or leads nowhere else", () => {
  for (const wrong of [{ message: " " }, { message: "x".repeat(4_001) }, { to: "kitchen" }])
    expect(() => words(wrong)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

it("clients that keep notices silent do not keep it silent", () => {
  expect(noticeOf("Leave.")).toEqual({ msgtype: "m.text", body: "Leave.", "m.mentions": { room: true } });
});
