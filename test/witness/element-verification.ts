import {
  VerificationPhase,
  type VerificationRequest,
  VerificationRequestEvent,
  type Verifier,
} from "matrix-js-sdk/lib/crypto-api/index.js";
import type { Element } from "./element-client.ts";

export type Phase = "unsent" | "requested" | "ready" | "started" | "cancelled" | "done";

export interface VerificationState {
  transactionId: string;
  /** Of a verification in a room. */
  roomId: string | null;
  otherUserId: string;
  otherDeviceId: string | null;
  initiatedByMe: boolean;
  phase: Phase;
  /** Every phase that was seen, in order. */
  phases: Phase[];
  cancellationCode: string | null;
  cancelledBy: string | null;
}

interface Flow {
  request: VerificationRequest;
  phases: Phase[];
}

interface Which {
  transactionId: string;
  timeoutMs?: number;
}

export function verificationCommands(element: Element) {
  const flows = new Map<string, Flow>();
  const joined = new WeakSet<Verifier>();

  const phaseOf = ({ phase }: VerificationRequest) => VerificationPhase[phase].toLowerCase() as Phase;

  function follow(request: VerificationRequest): VerificationState {
    const id = request.transactionId!;
    if (!flows.has(id)) {
      const flow: Flow = { request, phases: [phaseOf(request)] };
      flows.set(id, flow);
      request.on(VerificationRequestEvent.Change, () => {
        const phase = phaseOf(request);
        if (flow.phases.at(-1) !== phase) flow.phases.push(phase);
        element.tell();
      });
    }
    return stateOf(id);
  }

  function flow(transactionId: string): Flow {
    const found = flows.get(transactionId);
    if (found === undefined) throw new Error(`no verification ${transactionId}`);
    return found;
  }

  function stateOf(transactionId: string): VerificationState {
    const { request, phases } = flow(transactionId);
    return {
      transactionId,
      roomId: request.roomId ?? null,
      otherUserId: request.otherUserId,
      otherDeviceId: request.otherDeviceId ?? null,
      initiatedByMe: request.initiatedByMe,
      phase: phaseOf(request),
      phases: [...phases],
      cancellationCode: request.cancellationCode,
      cancelledBy: request.cancellingUserId ?? null,
    };
  }

  /** What the verification has come to have, unless it ends before. */
  function during<T>(
    { transactionId, timeoutMs }: Which,
    what: string,
    condition: (request: VerificationRequest) => T | null | undefined,
  ): Promise<T> {
    const { request } = flow(transactionId);
    return element.until(
      () => {
        const value = condition(request) ?? undefined;
        if (value === undefined && !request.pending)
          throw new Error(`no ${what}: ${phaseOf(request)} ${request.cancellationCode ?? ""}`);
        return value;
      },
      `${what} (now ${phaseOf(request)})`,
      timeoutMs,
    );
  }

  /** Takes part: sends the `accept` of emoji if it is our turn. How it ends is told by the phase. */
  async function verifier(which: Which): Promise<Verifier> {
    const verifier = await during(which, "verifier", (request) => request.verifier);
    if (!joined.has(verifier)) {
      joined.add(verifier);
      verifier.verify().then(element.tell, element.tell);
    }
    return verifier;
  }

  async function sas(which: Which) {
    const current = await verifier(which);
    return await during(which, "emoji", () => current.getShowSasCallbacks());
  }

  return {
    /** In a room with a user; else by to-device to one own device, or to all of them. */
    async requestVerification(to: { userId?: string; roomId?: string; deviceId?: string }) {
      const { crypto, client } = element;
      const { userId = client.getUserId()!, roomId, deviceId } = to;
      if (roomId !== undefined) return follow(await crypto.requestVerificationDM(userId, roomId));
      if (deviceId !== undefined) return follow(await crypto.requestDeviceVerification(userId, deviceId));
      return follow(await crypto.requestOwnUserVerification());
    },

    /** The oldest incoming request that was not handed out before. */
    waitVerificationRequest: ({ userId, timeoutMs }: { userId?: string; timeoutMs?: number }) =>
      element.until(
        () => {
          const { incomingRequests: waiting } = element;
          const index = waiting.findIndex(({ otherUserId }) => otherUserId === (userId ?? otherUserId));
          return index < 0 ? undefined : follow(waiting.splice(index, 1)[0]!);
        },
        "verification request",
        timeoutMs,
      ),

    async verification({ transactionId }: Which) {
      return stateOf(transactionId);
    },

    /** An error if the verification ends in another phase. */
    async waitVerification({ phase, ...which }: Which & { phase: Phase }) {
      await during(which, phase, (request) => (phaseOf(request) === phase ? true : undefined));
      return stateOf(which.transactionId);
    },

    async acceptVerification({ transactionId }: Which) {
      await flow(transactionId).request.accept();
      return stateOf(transactionId);
    },

    /** `m.user`, in any phase. */
    async cancelVerification({ transactionId }: Which) {
      await flow(transactionId).request.cancel();
      return stateOf(transactionId);
    },

    /** Sends `m.key.verification.start` for emoji. */
    async startSas(which: Which) {
      await during(which, "ready", (request) => (phaseOf(request) === "ready" ? true : undefined));
      await flow(which.transactionId).request.startVerification("m.sas.v1");
      await verifier(which);
      return stateOf(which.transactionId);
    },

    /** Takes part in a verification by emoji that either side has started, and shows what to compare. */
    async showSas(which: Which) {
      const { emoji = [], decimal = [] } = (await sas(which)).sas;
      return { emoji, decimal };
    },

    /** The person says: they are the same. */
    async confirmSas(which: Which) {
      await (await sas(which)).confirm();
      return stateOf(which.transactionId);
    },

    /** The person says: they differ. */
    async mismatchSas(which: Which) {
      (await sas(which)).mismatch();
    },

    /** The bytes of the QR code for the other side to scan, in base64. */
    async showQr(which: Which) {
      await during(which, "ready", (request) => (phaseOf(request) === "ready" ? true : undefined));
      const bytes = await flow(which.transactionId).request.generateQRCode();
      if (bytes === undefined) throw new Error("no QR code: the other side cannot scan, or keys are missing");
      return { bytes: Buffer.from(bytes).toString("base64") };
    },

    /** Scans the other side's QR code and tells them so. */
    async scanQr({ bytes, ...which }: Which & { bytes: string }) {
      await during(which, "ready", (request) => (phaseOf(request) === "ready" ? true : undefined));
      const scanned = new Uint8ClampedArray(Buffer.from(bytes, "base64"));
      await flow(which.transactionId).request.scanQRCode(scanned);
      await verifier(which);
      return stateOf(which.transactionId);
    },

    /** Waits until our QR code was scanned; then the person says that the other side shows success. */
    async confirmQr(which: Which) {
      const current = await verifier(which);
      const scanned = await during(which, "scan", () => current.getReciprocateQrCodeCallbacks());
      scanned.confirm();
      return stateOf(which.transactionId);
    },
  };
}
