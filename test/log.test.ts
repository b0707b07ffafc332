import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOG_LEVELS } from "../src/log.ts";
import { around, lines, logged } from "./support/logged.ts";

describe("a person", () => {
  const server = fc.constantFrom(
    "example.org",
    "example.org:8448",
    "localhost",
    "[2001:db8::1]:8448",
    "10.0.0.1",
  );
  const userId = fc
    .tuple(fc.stringMatching(/^[\w.=/+%!#$&*?^{}~-]{1,20}$/), server)
    .map(([name, host]) => `@${name}:${host}`);

  it("is shown under a name that is the same in all lines, and another for another", () => {
    fc.assert(
      fc.property(userId, userId, around, (one, other, [before, after]) => {
        fc.pre(one !== other);
        const [json] = lines((logger) =>
          logger.info(`${before}${one}${after}`, { one, other, list: [one], [one]: 1 }),
        );
        const shown = JSON.parse(json!) as Record<string, unknown>;
        expect(json).not.toContain(one.slice(0, one.indexOf(":") + 1));
        expect(shown).toMatchObject({
          message: `${before}${shown.one}${after}`,
          one: expect.stringMatching(/^user:[\da-f]{8}$/),
          list: [shown.one],
        });
        // its value may be gone: somebody may be called as a field that is never shown
        expect(Object.keys(shown)).toContain(shown.one);
        expect(shown.other).not.toBe(shown.one);
      }),
    );
  });

  it("has the same name in the path of a request", () => {
    fc.assert(
      fc.property(userId, (id) => {
        const path = `/_matrix/client/v3/user/${encodeURIComponent(id)}/account_data/m.direct`;
        const [json] = lines((logger) => logger.debug("asked", { id, path }));
        const shown = JSON.parse(json!) as { id: string; path: string };
        expect(shown.path).toBe(`/_matrix/client/v3/user/${shown.id}/account_data/m.direct`);
      }),
    );
  });

  it.each(["anna.schmidt@mail.example.org", "anna+voice@example.co.uk"])(
    "is not known by the address %s",
    (address) => {
      expect(logged(`from ${address}`, { address })).not.toMatch(/anna|schmidt/);
    },
  );

  it.each([
    ..."+49 30 1234567|+49301234567|+1 (212) 555-0123|0049 30 123456|+44.20.7946.0958".split("|"),
    ..."sip:4930123456@pbx.example.org|sips:anna@example.org;transport=tls|tel:030123456".split("|"),
  ])("is not known by the number %s", (number) => {
    const [json] = lines((logger) =>
      logger.info(`a call from ${number}, which ended`, { note: `(${number})` }),
    );
    expect(JSON.parse(json!)).toMatchObject({
      message: expect.stringMatching(/^a call from \[number\](?:;transport=tls)?, which ended$/),
      note: expect.stringMatching(/^\(\[number\](?:;transport=tls)?\)$/),
    });
  });
});

describe("a line still shows", () => {
  /** Room version 12 and event IDs are 43 characters of base64 behind their sigil, as long as a key. */
  it.each(["!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "$8WkU7aT1Z8o9kK0vJq3x5yB2cD4eF6gH7iJ8kL9mN0o"])(
    "the ID %s",
    (id) => {
      const output = lines((logger) => logger.warn(`about ${id}`, { id }));
      for (const line of output) expect(line.split(id)).toHaveLength(3);
    },
  );

  it("which room, which device and why", () => {
    const fields = {
      roomId: "!abc:example.org",
      deviceId: "SOTTO1",
      reason: "no route to host",
      pauseMs: 2_000,
    };
    const [json, text] = lines((logger) => logger.warn("sync failed", fields));
    expect(JSON.parse(json!)).toMatchObject({ level: "warn", message: "sync failed", ...fields });
    expect(text).toBe(
      "warn: sync failed roomId=!abc:example.org deviceId=SOTTO1 reason=no route to host pauseMs=2000",
    );
  });

  it.each([
    "2026-11-23T02:49:28.001+02:00",
    "between 00:15:00 and 02:00:00",
    "1764902400000 ms",
    "job 1001234567 of 2000000000",
    "-1234567.25 dB, +3.5 dB, +1200 ms",
    "6fa459ea-ee8a-3ca4-894e-0012345678ab",
    "/var/spool/asterisk/voicemail/default/100/INBOX/msg0012345678.txt",
    "mxc://example.org/AbCdEf00123456789",
    "matrix-bot-sdk@0.8.0 on https://matrix.example.org:8448/_matrix",
    "#team:example.org and !abc:example.org",
    "s72594_4483_1934_0012345678",
  ])("%s", (text) => {
    for (const line of lines((logger) => logger.warn(text, { text })))
      expect(line.split(text)).toHaveLength(3);
  });

  it("when it was written", () => {
    const [json] = lines((logger) => logger.info("running"));
    const { time } = JSON.parse(json!) as { time: string };
    expect(new Date(time).toISOString()).toBe(time);
  });
});

describe("a logger", () => {
  it("writes one line at a time, whatever the text", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (message, field) => {
        for (const line of lines((logger) =>
          logger.error(`${message}\nnext`, { field: `${field}\r\nnext` }),
        )) {
          expect(line).not.toMatch(/[\r\n]/);
        }
      }),
    );
  });

  it.each(LOG_LEVELS)("of level %s leaves out what is below", (level) => {
    const each = lines((logger) => LOG_LEVELS.map((at) => logger[at](at)), { level, json: true });
    const expected = LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
    expect(each.slice(0, expected.length).map((line) => JSON.parse(line).level)).toEqual(expected);
  });
});

describe("what a stranger has named", () => {
  it.each(["\u001b[2J", "\u009b2J", "\u007f", "a\u202eb", "a\u2028b", "\u{e0041}"])(
    "cannot move the cursor, turn the text or begin a line with %j",
    (name) => {
      for (const line of lines((logger) => logger.warn(name, { file: name, [name]: 1 }))) {
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        if (line.startsWith("{"))
          expect(JSON.parse(line)).toMatchObject({ message: name, file: name, [name]: 1 });
      }
    },
  );

  it.each(["a", "a.", "a@", "@a", "%40", "+1", "//a:", "&key", "a@a.a1", "Bearer ", "é"])(
    "is written in no time, also %j a hundred thousand times",
    (part) => {
      expect(logged(part.repeat(100_000))).toContain("warn");
    },
  );

  it("is an address, also right behind another one", () => {
    expect(logged("a@b.cc1x@y.zz")).not.toContain("1x@y");
  });
});
