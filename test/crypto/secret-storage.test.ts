import { describe, expect, it } from "vitest";
import { createSecretStorage, openSecretStorage } from "../../src/crypto/secret-storage.ts";
import type { AccountData } from "../../src/model/ports.ts";

type Content = Record<string, unknown>;

/** What an account holds, and how often it was written to. */
class Data implements AccountData {
  readonly contents = new Map<string, Content>();
  writes = 0;
  async get(type: string) {
    return this.contents.get(type);
  }
  async put(type: string, content: Content) {
    this.writes += 1;
    this.contents.set(type, content);
  }
  change(type: string, change: (content: Content) => Content): void {
    this.contents.set(type, change(structuredClone(this.contents.get(type)!)));
  }
}

const NAME = "m.cross_signing.master";
const SECRET = Buffer.alloc(32, 9).toString("base64").replace(/=+$/, "");

async function stored(passphrase?: string) {
  const data = new Data();
  const storage = await createSecretStorage(data, passphrase);
  await storage.put(NAME, SECRET);
  await storage.publish();
  data.writes = 0;
  return { data, storage, keyType: `m.secret_storage.key.${storage.key.keyId}` };
}

describe("secret storage", () => {
  it("opens with its recovery key, however it is spaced", async () => {
    const { data, storage } = await stored();
    for (const recoveryKey of [storage.recoveryKey, storage.recoveryKey.replaceAll(" ", "\n")])
      expect(await (await openSecretStorage(data, { recoveryKey })).get(NAME)).toBe(SECRET);
  });

  it("opens with its passphrase, and with the recovery key as well", async () => {
    const { data, storage } = await stored("correct horse");
    for (const secret of [{ passphrase: "correct horse" }, { recoveryKey: storage.recoveryKey }])
      expect(await (await openSecretStorage(data, secret)).get(NAME)).toBe(SECRET);
    expect(JSON.stringify([...data.contents])).not.toContain("correct horse");
  });

  it("opens without the check in its description, as the spec allows, and a wrong key is found out", async () => {
    const { data, storage, keyType } = await stored();
    data.change(keyType, ({ iv: _, mac: __, ...rest }) => rest);
    const opened = await openSecretStorage(data, { recoveryKey: storage.recoveryKey });
    expect(await opened.get(NAME)).toBe(SECRET);
    const { storage: other } = await stored();
    const wrong = await openSecretStorage(data, { recoveryKey: other.recoveryKey });
    await expect(wrong.get(NAME)).rejects.toMatchObject({ code: "RECOVERY_KEY_WRONG" });
  });

  it("takes a secret in padded base64, and gives it as the engine wants it", async () => {
    const { data, storage } = await stored();
    await storage.put(NAME, `${SECRET}=`);
    expect(await (await openSecretStorage(data, storage)).get(NAME)).toBe(SECRET);
  });

  it("adds a secret for a further key without taking it from the first", async () => {
    const { data, storage } = await stored();
    const further = await createSecretStorage(data);
    await further.add(NAME, SECRET);
    expect(await storage.get(NAME)).toBe(SECRET);
    expect(await further.get(NAME)).toBe(SECRET);
    await further.put(NAME, SECRET);
    expect(await storage.find(NAME)).toBeUndefined();
  });
});

describe("what does not open it is refused with the reason, and nothing is written:", () => {
  it.each([
    [
      "a key that is mistyped",
      (key: string) => key.replace(/.$/, (end) => (end === "z" ? "y" : "z")),
      /parity|length|prefix/,
    ],
    ["a key that is cut off", (key: string) => key.slice(0, 40), "length"],
    ["a key with padding", (key: string) => `${key}==`, "base58"],
    ["a key of something else", () => "11111111", /length|prefix/],
    ["nothing", () => "", "length"],
  ])("%s", async (_what, change, reason) => {
    const { data, storage } = await stored();
    const opening = openSecretStorage(data, { recoveryKey: change(storage.recoveryKey) });
    await expect(opening).rejects.toMatchObject({
      code: "RECOVERY_KEY_WRONG",
      message: expect.stringMatching(reason),
    });
    expect(data.writes).toBe(0);
  });

  it("the recovery key of another storage, and another passphrase", async () => {
    const { data } = await stored("correct horse");
    const { recoveryKey } = (await stored()).storage;
    for (const secret of [{ recoveryKey }, { passphrase: "battery staple" }])
      await expect(openSecretStorage(data, secret)).rejects.toMatchObject({ code: "RECOVERY_KEY_WRONG" });
    expect(data.writes).toBe(0);
  });

  it("a new storage with an empty passphrase, which everybody knows", async () => {
    for (const passphrase of ["", "  \n"])
      await expect(createSecretStorage(new Data(), passphrase)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("a passphrase where there is none", async () => {
    const { data } = await stored();
    await expect(openSecretStorage(data, { passphrase: "x" })).rejects.toMatchObject({
      code: "RECOVERY_KEY_WRONG",
      cure: expect.stringContaining("--recovery-key-file"),
    });
  });
});

describe("storage that somebody has damaged, or made in another way:", () => {
  const DAMAGED = "SECRET_STORAGE_DAMAGED";
  const UNSUPPORTED = "SECRET_STORAGE_UNSUPPORTED";
  const pass = (more: Content) => ({
    passphrase: { algorithm: "m.pbkdf2", salt: "s", iterations: 1000, ...more },
  });

  it.each<[string, Content, string]>([
    ["no algorithm", { algorithm: undefined }, DAMAGED],
    ["an algorithm nobody knows", { algorithm: "org.example.rot13" }, UNSUPPORTED],
    ["a check of another length", { mac: "AAAA" }, DAMAGED],
    ["half a check", { iv: undefined }, DAMAGED],
    ["a check that is no base64", { iv: "*".repeat(22) }, DAMAGED],
    ["a passphrase by an algorithm nobody knows", pass({ algorithm: "scrypt" }), UNSUPPORTED],
    ["a passphrase that would take for ever", pass({ iterations: 2 ** 40 }), UNSUPPORTED],
    ["a passphrase without iterations", pass({ iterations: "many" }), DAMAGED],
    ["a passphrase for a shorter key", pass({ bits: 128 }), UNSUPPORTED],
    ["a passphrase that is none", { passphrase: null }, DAMAGED],
  ])("%s", async (_what, change, code) => {
    const { data, storage, keyType } = await stored();
    data.change(keyType, (content) => JSON.parse(JSON.stringify({ ...content, ...change })));
    await expect(openSecretStorage(data, storage)).rejects.toMatchObject({ code });
    expect(data.writes).toBe(0);
  });

  it("a default key that is none, or is described nowhere", async () => {
    const { data, storage, keyType } = await stored();
    data.contents.delete(keyType);
    await expect(openSecretStorage(data, storage)).rejects.toMatchObject({ code: "SECRET_STORAGE_MISSING" });
    data.contents.set("m.secret_storage.default_key", { key: 7 });
    await expect(openSecretStorage(data, storage)).rejects.toMatchObject({ code: DAMAGED });
  });

  it.each<[string, (entry: Record<string, string>) => unknown]>([
    [
      "a ciphertext that was changed",
      (entry) => ({ ...entry, ciphertext: entry.ciphertext!.replace(/^./, "!") }),
    ],
    ["a MAC of another length", (entry) => ({ ...entry, mac: "AAAA" })],
    ["no ciphertext", ({ iv, mac }) => ({ iv, mac })],
    ["no object", () => "secret"],
  ])("%s", async (_what, change) => {
    const { data, storage } = await stored();
    const { keyId } = storage.key;
    data.change(NAME, (content) => {
      const encrypted = content.encrypted as Record<string, Record<string, string>>;
      return { encrypted: { [keyId]: change(encrypted[keyId]!) } };
    });
    const opened = await openSecretStorage(data, storage);
    await expect(opened.get(NAME)).rejects.toMatchObject({ code: DAMAGED });
    expect(data.writes).toBe(0);
  });

  it("a secret that is no 32-byte key", async () => {
    const { storage } = await stored();
    for (const secret of ["", "AAAA", "*".repeat(43), `${SECRET}AAAA`]) {
      await storage.put(NAME, secret);
      await expect(storage.get(NAME)).rejects.toMatchObject({ code: DAMAGED });
    }
  });

  it("a secret of another key is not there", async () => {
    const { data } = await stored();
    const other = await createSecretStorage(data);
    await expect(other.get(NAME)).rejects.toMatchObject({ code: "SECRET_STORAGE_MISSING" });
  });
});
