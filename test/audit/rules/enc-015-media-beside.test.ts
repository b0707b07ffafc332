import { expect, it } from "vitest";
import { mediaBeside } from "../../../src/audit/rules/enc-015-media-beside.ts";
import { known, room, roomState, unread } from "../../support/facts.ts";
import { envelope, inRoom, inState, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const AVATAR = "mxc://example.org/avatar";

it("passes a room without any, and its own avatar", () => {
  expect(results(mediaBeside)).toEqual(["pass"]);
  const avatar = room({ state: known(roomState({ avatarUrl: AVATAR })), clearMedia: known([AVATAR]) });
  expect(results(mediaBeside, { rooms: [avatar] })).toEqual(["pass"]);
});

it("counts the others, and names each in the cure", () => {
  const media = ["mxc://example.org/a", "mxc://example.org/b", "mxc://example.org/a"];
  expect(judge(mediaBeside, inRoom({ clearMedia: known(media) }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: expect.stringMatching(/^2 media /),
      cure: expect.stringContaining("example.org/a and example.org/b"),
    }),
  ]);
  expect(judge(mediaBeside, inRoom({ clearMedia: known(media.slice(1, 2)) }))[0]?.message).toMatch(
    /^1 medium /,
  );
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(mediaBeside, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(judge(mediaBeside, inRoom({ clearMedia: unread("needs an admin token") }))).toEqual([
    expect.objectContaining({ result: "not-checked", message: "needs an admin token" }),
  ]);
});

it("leaves what the room has shown of itself to the rule for that, also after it was taken away", () => {
  const shown = envelope({ type: "m.room.avatar", stateKey: "", content: { url: AVATAR } });
  const taken = {
    clearMedia: known([AVATAR]),
    timeline: known({ isWhole: true, envelopes: [shown, setting()] }),
  };
  expect(results(mediaBeside, inRoom(taken))).toEqual(["pass"]);
  const said = envelope({ type: "m.room.avatar", content: { url: AVATAR } });
  const clear = { ...taken, timeline: known({ isWhole: true, envelopes: [said, setting()] }) };
  expect(results(mediaBeside, inRoom(clear))).toEqual(["warn"]);
});
