import { describe, expect, it } from "vitest";
import { encryptorFor, MINUTE } from "../support/stand-in-engine.ts";
import { ALICE, BOB, MEGOLM, member, OTHER_ROOM, OWN, ROOM, state } from "../support/store.ts";

// When a key is shared, and when it is not. The engine here is a stand-in that notes what it is asked for: moments such
// as "while the key is on its way" cannot be hit with the real one, which the end-to-end tests use.

describe("a room's key", () => {
  it("is shared once, and again for whoever comes", async () => {
    const { encrypt, shares, change } = encryptorFor();
    expect([await encrypt(), await encrypt()]).toEqual(["session 1", "session 1"]);
    expect(shares).toEqual([[ALICE, BOB, OWN]]);
    change(member("@carol:example.org", "join"));
    expect(await encrypt()).toBe("session 1");
    expect(shares[1]).toEqual([ALICE, BOB, "@carol:example.org", OWN]);
  });

  it("reaches an invited person, whose devices nobody tells of: they are asked for before each event", async () => {
    const { encrypt, shares, asked, change } = encryptorFor();
    await encrypt();
    expect(asked).toEqual([]);
    change(member("@carol:example.org", "invite"));
    await encrypt();
    await encrypt();
    expect(asked).toEqual([["@carol:example.org"], ["@carol:example.org"]]);
    expect(shares.slice(1).map((users) => users.includes("@carol:example.org"))).toEqual([true, true]);
    change(member("@carol:example.org", "join"));
    await encrypt();
    await encrypt();
    expect(asked).toHaveLength(2);
    expect(shares).toHaveLength(4);
  });

  it.each(["nobody", "@nobody", "@no:body at all", ""])(
    "is no reason to stop where %j is a member",
    async (nobody) => {
      const { encrypt, shares, asked, change } = encryptorFor();
      change(member(nobody, "invite"));
      expect(await encrypt()).toBe("session 1");
      change(member(nobody, "join"));
      expect(await encrypt()).toBe("session 1");
      expect(shares.flat().includes(nobody)).toBe(false);
      expect(asked.flat()).toEqual([]);
    },
  );

  it("is another one after somebody has left", async () => {
    const { encrypt, shares, change } = encryptorFor();
    await encrypt();
    change(member(BOB, "leave"));
    expect(await encrypt()).toBe("session 2");
    expect(shares[1]).toEqual([ALICE, OWN]);
  });

  it("is not used if somebody leaves while it is on its way to them", async () => {
    const { encrypt, shares, change, onShare } = encryptorFor();
    onShare(() => change(member(BOB, "leave")));
    expect(await encrypt()).toBe("session 2");
    expect(shares).toEqual([
      [ALICE, BOB, OWN],
      [ALICE, OWN],
    ]);
  });

  it("is offered again after a while to a device that had no one-time key", async () => {
    let missing: Record<string, string> = { TABLET: "m.no_olm" };
    const { encrypt, shares, at } = encryptorFor(() => missing);
    await encrypt();
    missing = {}; // the engine says it once for each session
    await encrypt();
    expect(shares).toHaveLength(1);
    at.ms += MINUTE;
    await encrypt();
    await encrypt();
    expect(shares).toHaveLength(2);
    at.ms += MINUTE;
    await encrypt();
    expect(shares).toHaveLength(3);
  });

  it("is not shared again by a new process while nothing has changed", async () => {
    const { encrypt, restart, shares, change } = encryptorFor();
    await encrypt();
    restart();
    expect(await encrypt()).toBe("session 1");
    expect(shares).toHaveLength(1);
    change(member("@carol:example.org", "join"));
    restart();
    expect(await encrypt()).toBe("session 1");
    expect(shares[1]).toEqual([ALICE, BOB, "@carol:example.org", OWN]);
    restart({ onExcluded: "refuse" });
    await encrypt();
    expect(shares).toHaveLength(3);
    change(member(BOB, "leave"));
    restart();
    expect(await encrypt()).toBe("session 2");
  });

  it.each<[string, Parameters<typeof encryptorFor>]>([
    ["somebody had no one-time key", [() => ({ TABLET: "m.no_olm" })]],
    ["it hangs on whom we verified", [undefined, { shareWith: "verified" }]],
  ])("is looked at again by a new process where %s", async (_why, options) => {
    const { encrypt, restart, shares } = encryptorFor(...options);
    await encrypt();
    restart();
    await encrypt();
    expect(shares).toHaveLength(2);
  });

  it("is another one after its period", async () => {
    const { encrypt, at } = encryptorFor();
    await encrypt();
    at.ms += 11 * MINUTE;
    expect(await encrypt()).toBe("session 2");
  });
});

describe("a verification's event", () => {
  it("has a session of its own, which carries nothing before and nothing after it", async () => {
    const { encrypt, verify } = encryptorFor();
    expect(await encrypt()).toBe("session 1");
    expect([await verify(), await verify()]).toEqual(["session 2", "session 3"]);
    expect([await encrypt(), await encrypt()]).toEqual(["session 4", "session 4"]);
  });
});

describe("a change while the key rotates", () => {
  it("counts: who is only invited gets no key of a room whose history begins with the join by then", async () => {
    const { encrypt, shares, change, onRotation } = encryptorFor();
    change(member("@carol:example.org", "invite"));
    await encrypt();
    change(member(BOB, "leave"));
    onRotation(() => change(state("m.room.history_visibility", { history_visibility: "joined" })));
    await encrypt();
    expect(shares.slice(1)).toEqual([[ALICE, OWN]]);
  });
});

describe("a key that is prepared", () => {
  it("is not shared again for the event", async () => {
    const { encryptor, encrypt, shares } = encryptorFor();
    await encryptor.prepare(ROOM);
    expect(await encrypt()).toBe("session 1");
    expect(shares).toHaveLength(1);
  });

  it("is not used once somebody who has it has left before the event", async () => {
    const { encryptor, encrypt, shares, change, store } = encryptorFor();
    await encryptor.prepare(ROOM);
    change(member(BOB, "leave"));
    expect(await encrypt()).toBe("session 2");
    expect(shares[1]).toEqual([ALICE, OWN]);
    expect(store.ledger.entries("session 2").map(({ userId }) => userId)).not.toContain(BOB);
  });
});

describe("a device that was missed", () => {
  it("is tried again without an event: when it is time, or its owner's devices change", async () => {
    let missing: Record<string, string> = { TABLET: "m.no_olm" };
    const { encryptor, encrypt, shares, at } = encryptorFor(() => missing);
    await encrypt();
    missing = {};
    await encryptor.heal();
    expect(shares).toHaveLength(1);
    encryptor.mustShare([ROOM]);
    await encryptor.heal();
    expect(shares).toHaveLength(2);
    at.ms += MINUTE;
    await encryptor.heal();
    expect(shares).toHaveLength(3);
  });

  it("gets no key that is at its end, and a room that misses nobody is left alone", async () => {
    const missed = encryptorFor(() => ({ TABLET: "m.no_olm" }));
    await missed.encrypt();
    missed.at.ms += 11 * MINUTE;
    await missed.encryptor.heal();
    expect(missed.shares).toHaveLength(1);
    const whole = encryptorFor(() => ({ TABLET: "m.unverified" }));
    await whole.encrypt();
    whole.encryptor.mustShare([ROOM]);
    await whole.encryptor.heal();
    expect(whole.shares).toHaveLength(1);
  });
});

describe("a room that is held", () => {
  const noKey = () => ({ TABLET: "m.no_olm" });

  it("keeps no other room from being tried again", async () => {
    const { encryptor, encrypt, shares, changedIdentities, changeIn } = encryptorFor(noKey);
    changeIn(OTHER_ROOM, [state("m.room.encryption", { algorithm: MEGOLM }), member(OWN, "join")]);
    await encrypt();
    await encryptor.encrypt(OTHER_ROOM, "m.room.message", {});
    changedIdentities.add(ALICE);
    encryptor.mustShare([ROOM, OTHER_ROOM]);
    await expect(encryptor.heal()).rejects.toMatchObject({ code: "IDENTITY_CHANGED" });
    expect(shares.slice(2)).toEqual([[OWN]]);
  });

  it("is not looked at again before it is time or something has changed, and is nothing new", async () => {
    const { encryptor, encrypt, raises, changedIdentities, at } = encryptorFor(noKey);
    await encrypt();
    const before = raises();
    changedIdentities.add(ALICE);
    encryptor.mustShare([ROOM]);
    await expect(encryptor.heal()).rejects.toMatchObject({ code: "IDENTITY_CHANGED" });
    await encryptor.heal();
    await expect(encrypt()).rejects.toMatchObject({ code: "IDENTITY_CHANGED" });
    at.ms += MINUTE;
    await expect(encryptor.heal()).rejects.toMatchObject({ code: "IDENTITY_CHANGED" });
    // each number is a write to the account's data, which the sync tells of: a number for each look would never end
    expect(raises()).toBe(before);
  });
});

describe("a device that the policy leaves out", () => {
  it("is a reason neither for a share nor for a session, however many events come", async () => {
    const { encrypt, shares, at } = encryptorFor(() => ({ TABLET: "m.unverified" }));
    const sessions = new Set<string>();
    for (let event = 0; event < 10; event += 1) {
      sessions.add(await encrypt());
      at.ms += MINUTE / 2;
    }
    expect([...sessions]).toEqual(["session 1"]);
    expect(shares).toHaveLength(1);
  });
});

describe("a member who was never there before", () => {
  it("holds the room under `hold`, whoever was there at the first share apart", async () => {
    const { encrypt, shares, change, store } = encryptorFor(undefined, { newMembers: "hold" });
    await encrypt();
    change(member("@carol:example.org", "join"));
    await expect(encrypt()).rejects.toMatchObject({ code: "MEMBER_NOT_ACCEPTED" });
    await expect(encrypt()).rejects.toThrow("@carol:example.org");
    expect(shares).toHaveLength(1);
    store.ledger.know(ROOM, ["@carol:example.org"], 1);
    await encrypt();
    expect(shares[1]).toContain("@carol:example.org");
  });

  it("is a stranger again after they were removed, whoever lets them in", async () => {
    const { encrypt, shares, change, store } = encryptorFor(undefined, { newMembers: "hold" });
    await encrypt();
    change(member(BOB, "leave"));
    await encrypt();
    change(member(BOB, "invite"));
    await expect(encrypt()).rejects.toMatchObject({ code: "MEMBER_NOT_ACCEPTED" });
    change(member(BOB, "join"));
    await expect(encrypt()).rejects.toThrow(BOB);
    expect(shares).toHaveLength(2);
    store.ledger.know(ROOM, [BOB], 1);
    await encrypt();
    expect(shares[2]).toContain(BOB);
  });

  it("is known from the first share on, under `send` too", async () => {
    const { encrypt, change, store } = encryptorFor();
    await encrypt();
    change(member("@carol:example.org", "join"));
    await encrypt();
    expect(store.ledger.newMembers(ROOM, [ALICE, "@carol:example.org", "@dave:example.org"])).toEqual([
      "@dave:example.org",
    ]);
  });
});
