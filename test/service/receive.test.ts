import { describe, expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { receiving } from "../support/receiving.ts";

const stalled = new SottoError("HOMESERVER_UNREACHABLE", "nothing came");

describe("a recording that does not come", () => {
  it("stops no message behind it, and is not asked for again at once", async () => {
    const { arrive, failures, round, heard, downloads } = await receiving();
    for (const eventId of ["$1", "$2", "$3"]) arrive(eventId);
    failures.set("$1", stalled);
    expect(await round()).toBe(2);
    expect(heard).toEqual(["$2", "$3"]);
    expect(await round()).toBe(0);
    expect(downloads).toHaveLength(3);
  });

  it("ends the round when it is one of several in a row; the next round begins behind them", async () => {
    const { arrive, failures, round, heard, downloads } = await receiving();
    for (const eventId of ["$1", "$2", "$3", "$4", "$5"]) arrive(eventId);
    for (const eventId of ["$1", "$2", "$3"]) failures.set(eventId, stalled);
    expect(await round()).toBe(0);
    expect(downloads).toHaveLength(3);
    expect(await round()).toBe(2);
    expect(heard).toEqual(["$4", "$5"]);
  });

  it.each(["TOKEN_REJECTED", "DISK_FULL"] as const)("ends the round at once with %s", async (code) => {
    const { arrive, failures, round, downloads } = await receiving();
    for (const eventId of ["$1", "$2"]) arrive(eventId);
    failures.set("$1", new SottoError(code, "for all the same"));
    await expect(round()).rejects.toMatchObject({ code });
    expect(downloads).toHaveLength(1);
  });
});

it("what its listener throws at a report stops no message behind it", async () => {
  const { arrive, failures, round, heard, receiver, withheldCounts } = await receiving();
  for (const eventId of ["$1", "$2"]) arrive(eventId);
  failures.set("$1", new SottoError("ATTACHMENT_HASH_MISMATCH", "not what was sent"));
  receiver.onWithheld = () => {
    throw new Error("the listener is broken");
  };
  expect(await round()).toBe(1);
  expect(heard).toEqual(["$2"]);
  expect(withheldCounts).toEqual({ "bad-attachment": 1 });
});
