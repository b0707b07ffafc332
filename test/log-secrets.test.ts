import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { around, lines, logged } from "./support/logged.ts";

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
