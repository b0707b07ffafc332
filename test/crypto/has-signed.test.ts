import { describe, expect, it } from "vitest";
import { hasSigned, type UserSigner } from "../../src/crypto/index.ts";
import { foreignIdentity } from "../witness/sign-listener.ts";

const [ALICE, BOB] = ["@alice:example.org", "@bob:example.org"];
const keyOf = ({ keys }: { keys: Record<string, string> }): string => Object.values(keys)[0]!;
const alice = foreignIdentity(ALICE);
const bob = foreignIdentity(BOB);

const signer = (change: Partial<UserSigner> = {}): UserSigner => ({
  ...{ userId: ALICE, masterKey: keyOf(alice.master), userSigning: alice.userSigning },
  ...change,
});
const target = (change: object = {}) => ({
  ...{ userId: BOB, masterKey: keyOf(bob.master), master: bob.master },
  ...change,
});

function signatureBy(identity: typeof alice, userId: string) {
  const { signatures } = identity.signUser(bob.master) as {
    signatures: Record<string, Record<string, string>>;
  };
  const [keyId, signature] = Object.entries(signatures[userId]!)[0]!;
  return { keyId, signature };
}
const genuine = signatureBy(alice, ALICE);
const other = foreignIdentity(ALICE);

describe("a verification that a homeserver has kept", () => {
  it("counts where the signer's own identity has made it", () => {
    expect(hasSigned(signer(), target(), genuine)).toBe(true);
    expect(hasSigned(signer(), target({ master: { ...bob.master, signatures: { x: {} } } }), genuine)).toBe(
      true,
    );
  });

  it.each<[string, UserSigner, ReturnType<typeof target>, typeof genuine]>([
    ["a signature that is none", signer(), target(), { ...genuine, signature: "A".repeat(86) }],
    ["another key's name", signer(), target(), { ...genuine, keyId: "ed25519:other" }],
    [
      "a user-signing key that another identity has signed",
      signer({ userSigning: other.userSigning }),
      target(),
      signatureBy(other, ALICE),
    ],
    ["a self-signing key in its place", signer({ userSigning: alice.selfSigning }), target(), genuine],
    ["an identity that we are not shown", signer({ masterKey: keyOf(other.master) }), target(), genuine],
    ["another master key of the target", signer(), target({ masterKey: keyOf(other.master) }), genuine],
    ["somebody else's master key", signer(), target({ userId: ALICE }), genuine],
    ["no keys at all", signer({ userSigning: undefined }), target({ master: undefined }), genuine],
  ])("does not with %s", (_what, by, of, signature) => expect(hasSigned(by, of, signature)).toBe(false));
});
