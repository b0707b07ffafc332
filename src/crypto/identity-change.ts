import { SottoError } from "../errors.ts";
import type { UserId } from "../model/ids.ts";
import { type Machine, wasm } from "./engine.ts";
import type { OurSigner } from "./published-keys.ts";
import type { RequestPump } from "./requests.ts";
import { soundUserId } from "./user-ids.ts";

/** What is known of a user's identity. */
export interface UserIdentity {
  userId: UserId;
  /** The public master key, unpadded base64: what people compare. Undefined where the user has no identity. */
  masterKey: string | undefined;
  /** It took the place of one that we knew, and nobody has accepted it yet. */
  changed: boolean;
  /** We verified it, or the one before it. */
  wasVerified: boolean;
}

/** True from the change of a known identity until a person has accepted or verified the new one. */
export async function hasChanged(machine: Machine, userId: UserId): Promise<boolean> {
  const identity = await identityIn(machine, userId);
  if (identity === undefined) return false;
  const changed = isChanged(identity);
  identity.free();
  return changed;
}

type Identity = wasm.OtherUserIdentity | wasm.OwnUserIdentity;

const isChanged = (identity: Identity): boolean =>
  identity.hasVerificationViolation() ||
  (identity instanceof wasm.OtherUserIdentity && identity.identityNeedsUserApproval());

/** Asks the homeserver for the user's keys first. */
export async function freshIdentity(
  machine: Machine,
  pump: RequestPump,
  userId: UserId,
): Promise<UserIdentity> {
  await machine.updateTrackedUsers([new wasm.UserId(userId)]);
  await pump.drain();
  await pump.send(machine.queryKeysForUsers([new wasm.UserId(userId)]));
  return knownIdentity(machine, userId);
}

async function knownIdentity(machine: Machine, userId: UserId): Promise<UserIdentity> {
  const identity = await machine.getIdentity(new wasm.UserId(userId));
  if (identity === undefined) return { userId, masterKey: undefined, changed: false, wasVerified: false };
  const known = {
    userId,
    masterKey: masterKeyOf(identity),
    changed: isChanged(identity),
    wasVerified: identity.wasPreviouslyVerified(),
  };
  identity.free();
  return known;
}

/** What this store knows of a user's identity; nobody is asked. Undefined where it knows none. */
export async function rememberedIdentity(
  machine: Machine,
  userId: UserId,
): Promise<RememberedIdentity | undefined> {
  const identity = await identityIn(machine, userId);
  if (identity === undefined) return undefined;
  const wasVerified = identity.hasVerificationViolation() || identity.wasPreviouslyVerified();
  const remembered: RememberedIdentity = {
    masterKey: masterKeyOf(identity) ?? "",
    isVerified: identity.isVerified(),
    change: isChanged(identity) ? (wasVerified ? "changed-after-verification" : "changed") : "none",
    wasVerified,
  };
  identity.free();
  return remembered;
}

async function identityIn(machine: Machine, userId: UserId): Promise<Identity | undefined> {
  const id = soundUserId(userId);
  return id && machine.getIdentity(id);
}

export interface RememberedIdentity {
  /** Unpadded base64. */
  masterKey: string;
  isVerified: boolean;
  change: "none" | "changed" | "changed-after-verification";
  wasVerified: boolean;
}

/** Undefined where this store has not proven that our own identity is ours. */
export async function ourSigner(machine: Machine): Promise<OurSigner | undefined> {
  const identity = await machine.getIdentity(machine.userId);
  if (!(identity instanceof wasm.OwnUserIdentity)) return undefined;
  const isOurs = identity.isVerified() && !identity.hasVerificationViolation();
  const userSigningKey = firstKey(identity.userSigningKey);
  identity.free();
  return isOurs && userSigningKey !== undefined
    ? { userId: machine.userId.toString(), userSigningKey }
    : undefined;
}

const masterKeyOf = (identity: Identity): string | undefined => firstKey(identity.masterKey);

function firstKey(json: string): string | undefined {
  const { keys } = JSON.parse(json) as { keys: Record<string, string> };
  return Object.values(keys)[0];
}

/**
 * A person has compared this key: from now on it is the user's. What was verified before is no longer required to be.
 * Throws `FINGERPRINT_MISMATCH` where the user's key is another one by now.
 */
export async function acceptIdentity(
  machine: Machine,
  pump: RequestPump,
  userId: UserId,
  masterKey: string,
): Promise<void> {
  // no answer of the homeserver may change the identity between the comparison and the pin
  await pump.undisturbed(async () => {
    const known = await knownIdentity(machine, userId);
    if (known.masterKey !== masterKey) {
      throw new SottoError("FINGERPRINT_MISMATCH", `the master key of ${userId} is ${known.masterKey}`);
    }
    for (const step of ["withdrawVerification", "pinCurrentMasterKey"] as const) {
      const identity = await machine.getIdentity(new wasm.UserId(userId));
      if (!(identity instanceof wasm.OtherUserIdentity))
        throw new SottoError("USAGE", `${userId} is this account`, {
          cure: "run `sotto init` with --recovery-key-file to sign this device with the account's identity",
        });
      if (step === "pinCurrentMasterKey" || identity.wasPreviouslyVerified()) await identity[step]();
      identity.free();
    }
  });
}
