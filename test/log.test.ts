import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLogger, LOG_LEVELS, type LogFields, type Logger, type LoggerOptions } from "../src/log.ts";

/** What a logger writes, as text and as JSON. */
function lines(write: (logger: Logger) => unknown, more: Partial<LoggerOptions> = {}): string[] {
  const written: string[] = [];
  for (const json of [true, false]) {
    write(createLogger({ level: "debug", json, write: (line) => written.push(line), ...more }));
  }
  return written;
}
const logged = (message: string, fields?: LogFields): string =>
  lines((logger) => logger.warn(message, fields)).join("\n");

const letters = (alphabet: string, length: number) =>
  fc
    .array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length })
    .map((parts) => parts.join(""));
const BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

/** As Synapse (`syt_<localpart>_<random>_<check>`) and the authentication service make them. */
const accessToken = fc.oneof(
  fc
    .tuple(fc.stringMatching(/^[a-z0-9._=-]{1,12}$/), letters(BASE62, 20), letters(BASE62, 6))
    .map(([name, random, check]) => `syt_${Buffer.from(name).toString("base64url")}_${random}_${check}`),
  fc
    .tuple(fc.constantFrom("mct", "mat", "mcr", "mar"), letters(BASE62, 30), letters(BASE62, 6))
    .map(([kind, random, check]) => `${kind}_${random}_${check}`),
);
/** 32 bytes in every base64 that Matrix knows. */
const key = fc
  .tuple(bytes32, fc.constantFrom("base64" as const, "base64url" as const), fc.boolean())
  .map(([bytes, encoding, padded]) => bytes.toString(encoding).replace(/=$/, "") + (padded ? "=" : ""));
/** Text around a secret that does not run into it. */
const around = fc.constantFrom(
  ["", ""],
  ["key ", " was read"],
  ['{"a":"', '"}'],
  ["(", ")"],
  ["is: ", ", and"],
  ["=", ";"],
);

describe("a line never shows", () => {
  it("an access token, wherever it stands", () => {
    fc.assert(
      fc.property(accessToken, around, (token, [before, after]) => {
        const text = `${before}${token}${after}`;
        expect(logged(text, { note: text, list: [text], deep: { er: text } })).not.toContain(token);
      }),
    );
  });

  it("a key of 32 bytes, wherever it stands", () => {
    fc.assert(
      fc.property(key, around, (secret, [before, after]) => {
        const text = `${before}${secret}${after}`;
        const output = logged(text, { note: text, list: [text], deep: { er: text } });
        expect(output).not.toContain(secret.replace(/=$/, ""));
      }),
    );
  });

  it("what follows Bearer, in whatever case", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("Bearer", "bearer", "BEARER"),
        letters(`${BASE62}-._~+/`, 24),
        (scheme, token) => {
          expect(logged(`authorization: ${scheme} ${token}`)).not.toContain(token);
        },
      ),
    );
  });

  it.each(["access_token", "password", "token", "loginToken", "refresh_token"])(
    "the parameter %s of a URL",
    (name) => {
      fc.assert(
        fc.property(letters(BASE62, 12), (secret) => {
          const url = `https://matrix.example.org/_matrix/client/v3/sync?since=s1&${name}=${secret}&timeout=0`;
          const output = logged(`GET ${url}`, { url });
          expect(output).not.toContain(secret);
          expect(output).toContain("since=s1");
          expect(output).toContain("timeout=0");
        }),
      );
    },
  );

  it.each(["key", "api_key", "client_secret", "sig", "X-Amz-Signature", "code", "auth"])(
    "the parameter %s of a webhook",
    (name) => {
      expect(logged(`POST https://hooks.example.org/in?${name}=c4Fe&room=1`)).not.toContain("c4Fe");
    },
  );

  it("the password in a URL, as a proxy's", () => {
    expect(logged("using http://voice:correct-horse@proxy.example.org:3128")).not.toContain("correct-horse");
  });

  it("a key of 32 bytes in hexadecimal digits", () => {
    fc.assert(
      fc.property(bytes32, around, (bytes, [before, after]) => {
        const secret = bytes.toString("hex");
        expect(logged(`${before}${secret}${after}`)).not.toContain(secret);
      }),
    );
  });

  it("a recovery key, in groups or in one", () => {
    const written = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d";
    for (const secret of [written, written.replaceAll(" ", "")]) {
      expect(logged(`it was: ${secret}`, { note: secret })).not.toMatch(/EsTc|UE4d/);
    }
  });

  const NAMES = [
    ..."accessToken access_token refreshToken password passphrase secret clientSecret authorization".split(
      " ",
    ),
    ..."caller callerNumber phone recoveryKey storeKey privateKey private_key key k iv ciphertext Authorization".split(
      " ",
    ),
  ];
  it.each(NAMES)("the value of a field named %s", (name) => {
    const value = fc.oneof(
      fc.string({ minLength: 3 }),
      fc.array(fc.string({ minLength: 3 }), { minLength: 1 }),
    );
    fc.assert(
      fc.property(value, (secret) => {
        const [line] = lines((logger) => logger.info("read", { [name]: secret, deep: [{ [name]: secret }] }));
        expect(JSON.parse(line!)).toMatchObject({ [name]: "[redacted]", deep: [{ [name]: "[redacted]" }] });
      }),
    );
  });

  it("a secret in an error's message", () => {
    const error = new Error("401 for Bearer syt_dm9pY2U_abcdefghijklmnopqrst_123456");
    expect(logged("sync failed", { error })).not.toMatch(/syt_|abcdefghij/);
  });

  it("the bytes of a buffer", () => {
    const bytes = Buffer.from("a store key of thirty-two bytes!");
    expect(logged("read", { bytes })).not.toMatch(/store key|97,.*32|"0":97/);
  });
});

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
