import { cancelledError, type Verification, type VerificationState } from "../crypto/index.ts";
import { SottoError } from "../errors.ts";
import { parseFingerprint } from "../model/fingerprint.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import type { Account } from "./account.ts";
import type { Call } from "./operations.ts";

export interface VerifyArguments {
  user: UserId;
  device?: DeviceId;
  /** How this side takes part; where the other side starts with emoji, it is emoji. */
  method?: "emoji" | "show" | "scan";
  /** A key that was compared out of band: nobody is asked anything. */
  fingerprint?: string;
}

export interface VerifyResult {
  userId: UserId;
  /** The device that took part, or the one that the fingerprint is of. */
  deviceId: DeviceId | undefined;
  /** `identity`: the user, with every device that they sign. `device`: this one alone. */
  verified: "identity" | "device";
  method: "emoji" | "qr" | "fingerprint";
}

/** What only a person can answer. */
export type Question =
  /** "yes" or "no": are they the same on the other side? */
  | { kind: "compare"; userId: UserId; emoji: { symbol: string; description: string }[]; decimals: number[] }
  /** "yes" or "no": does the other side say that it has scanned the code? */
  | { kind: "scanned"; userId: UserId }
  /** The bytes of the other side's QR code, in base64. */
  | { kind: "scan"; userId: UserId };

/** What a verification tells whoever follows it. */
export type VerifyProgress =
  | { kind: "verification"; phase: string; userId: UserId; deviceId: DeviceId | undefined; incoming: boolean }
  /** Modules row by row, a byte each, in base64. */
  | { kind: "qr"; size: number; modules: string };

/** Verifies a user or a device with the help of a person, or by a fingerprint. */
export async function verify(account: Account, call: Call): Promise<VerifyResult> {
  const { user, device, method = "emoji", fingerprint } = call.args as unknown as VerifyArguments;
  if (fingerprint !== undefined) return byFingerprint(account, user, device, parseFingerprint(fingerprint));
  if (!call.ask) throw new SottoError("USAGE", "nobody is here to compare");
  // a request of theirs may lie in what sync has not told yet
  await account.sync.toLiveEnd();
  await account.sync.heard();
  const waiting = account.verification.waitingFrom(user, device);
  const verification = waiting ?? (await account.verification.request(user, device, method));
  const gone = call.closing ? AbortSignal.any([call.signal, call.closing]) : call.signal;
  const end = () => void verification.cancel().catch(() => undefined);
  gone.addEventListener("abort", end);
  try {
    gone.throwIfAborted();
    if (waiting) {
      account.sync.run().catch(() => undefined); // its end cancels the verification by time
      await waiting.accept(method);
    }
    return await converse(verification, call, method);
  } catch (thrown) {
    // whatever went wrong: the other side must not wait, and nothing may be confirmed any more
    await verification.cancel().catch(() => undefined);
    gone.throwIfAborted();
    throw thrown;
  } finally {
    gone.removeEventListener("abort", end);
  }
}

async function byFingerprint(
  { crypto }: Account,
  userId: UserId,
  deviceId: DeviceId | undefined,
  key: string,
): Promise<VerifyResult> {
  const match = await crypto.verifyFingerprint({ userId, deviceId, key });
  const of = match.verified === "device" ? match.deviceId : undefined;
  return { userId, deviceId: of, verified: match.verified, method: "fingerprint" };
}

async function converse(
  verification: Verification,
  call: Call,
  wanted: "emoji" | "show" | "scan",
): Promise<VerifyResult> {
  let method: "emoji" | "qr" = wanted === "emoji" ? "emoji" : "qr";
  for await (const state of verification.states()) {
    const { phase, userId, deviceId, incoming } = state;
    await call.emit({ kind: "verification", phase, userId, deviceId, incoming });
    if (phase === "ready") await choose(verification, state, call, wanted);
    else if (phase === "started") method = "emoji";
    else if (phase === "comparing" || phase === "scanned") await settle(verification, state, call);
    else if (phase === "cancelled") throw cancelledError(state);
    else if (phase === "done") {
      return { userId, deviceId, verified: state.roomId === undefined ? "device" : "identity", method };
    }
  }
  throw new SottoError("INTERNAL", "a verification ended without an end");
}

async function choose(
  verification: Verification,
  state: VerificationState,
  call: Call,
  wanted: "emoji" | "show" | "scan",
): Promise<void> {
  if (wanted === "emoji") return verification.startSas();
  if (wanted === "show") {
    const { size, modules } = await verification.showQr();
    return call.emit({ kind: "qr", size, modules: Buffer.from(modules).toString("base64") });
  }
  const scanned = await answerTo(verification, state, call, { kind: "scan", userId: state.userId });
  if (scanned !== undefined) await verification.scan(Buffer.from(scanned, "base64"));
}

/** The only place where anything is confirmed: on a person's "yes" to this very question. */
async function settle(verification: Verification, state: VerificationState, call: Call): Promise<void> {
  const { userId, emoji = [], decimals = [] } = state;
  const question: Question =
    state.phase === "scanned"
      ? { kind: "scanned", userId }
      : { kind: "compare", userId, emoji: [...emoji], decimals: [...decimals] };
  const answer = await answerTo(verification, state, call, question);
  if (answer === "yes") await verification.confirm();
  else if (answer !== undefined) await verification.mismatch();
}

/** The person's answer, or undefined if the verification has moved on: the question is then withdrawn. */
async function answerTo(
  verification: Verification,
  state: VerificationState,
  { ask, signal }: Call,
  question: Question,
): Promise<string | undefined> {
  const withdrawn = new AbortController();
  try {
    return await Promise.race([
      ask?.(question, AbortSignal.any([withdrawn.signal, signal])),
      verification.changedFrom(state).then(() => undefined),
    ]);
  } finally {
    withdrawn.abort();
  }
}
