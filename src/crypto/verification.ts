import { SottoError } from "../errors.ts";
import { Serial } from "../serial.ts";
import { wasm } from "./engine.ts";
import { type Alarm, Patience } from "./patience.ts";
import type { EngineRequest } from "./requests.ts";
import {
  type Cancelled,
  cancelledError,
  engineMethods,
  isOver,
  type QrToShow,
  REASONS,
  type VerificationMethods,
  type VerificationPhase,
  type VerificationState,
} from "./verification-state.ts";

export interface VerificationTools {
  /** Sends one request of the engine and tells the engine of the answer. */
  send(request: EngineRequest): Promise<void>;
  /** True if what was verified holds, asked anew from the homeserver. */
  holds(state: VerificationState): Promise<boolean>;
  alarm: Alarm;
}

type EngineReply = EngineRequest | undefined;

/**
 * One verification with one other side. https://spec.matrix.org/v1.19/client-server-api/#key-verification-framework
 * Nothing is confirmed but by {@link Verification.confirm}; every wait ends with `m.timeout`.
 */
export class Verification {
  readonly #request: wasm.VerificationRequest;
  readonly #tools: VerificationTools;
  readonly #patience: Patience;
  readonly #serial = new Serial();
  #method: wasm.Sas | wasm.Qr | undefined;
  /** We asked, or have accepted: only then is anything answered by itself. */
  #takesPart: boolean;
  #cancelled: Cancelled | undefined;
  #state: VerificationState;
  readonly #listeners = new Set<(state: VerificationState) => void>();
  #changed = Promise.withResolvers<void>();

  constructor(request: wasm.VerificationRequest, requestedMs: number, tools: VerificationTools) {
    this.#request = request;
    this.#tools = tools;
    this.#takesPart = request.weStarted();
    this.#state = this.#read();
    this.#patience = new Patience(tools.alarm, requestedMs, () => this.#timeOut());
  }

  get state(): VerificationState {
    return this.#state;
  }

  /** Called with each further state. The returned function ends it. */
  onChange(listener: (state: VerificationState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the state is another one. */
  async changedFrom(state: VerificationState): Promise<void> {
    while (this.#state === state) await this.#changed.promise;
  }

  /** The present state and every later one; what passes while nobody looks is left out. Ends with the verification. */
  async *states(): AsyncGenerator<VerificationState, void> {
    for (;;) {
      const state = this.#state;
      yield state;
      if (isOver(state)) return;
      await this.changedFrom(state);
    }
  }

  /** Takes up a request of the other side. */
  accept(methods: VerificationMethods = "emoji"): Promise<void> {
    return this.#act("requested", async () => {
      this.#takesPart = true;
      await this.#send(this.#request.acceptWithMethods(engineMethods(methods)));
    });
  }

  startSas(): Promise<void> {
    return this.#act("ready", async () => {
      const started = await this.#request.startSas();
      if (started) await this.#send(started[1]);
    });
  }

  /** @throws SottoError `QR_IMPOSSIBLE` where the other side cannot scan */
  async showQr(): Promise<QrToShow> {
    let shown: QrToShow | undefined;
    await this.#act("ready", async () => {
      const qr = await this.#request.generateQrCode();
      if (!qr) throw new SottoError("QR_IMPOSSIBLE", "the other side cannot scan a QR code");
      this.#method = qr;
      const modules = Uint8Array.from(qr.toQrCode().renderIntoBuffer());
      shown = { bytes: Uint8Array.from(qr.toBytes()), size: Math.sqrt(modules.length), modules };
    });
    return shown!;
  }

  /**
   * Takes what was read from the other side's QR code. A code that is not of this verification, or holds other keys
   * than the homeserver showed us, cancels it.
   *
   * @throws SottoError `QR_UNREADABLE`, `VERIFICATION_MISMATCH`
   */
  scan(bytes: Uint8Array): Promise<void> {
    return this.#act("ready", async () => {
      const scanned = readQr(bytes);
      let qr: wasm.Qr;
      try {
        qr = await this.#request.scanQrCode(scanned);
      } catch (cause) {
        await this.#cancel("m.key_mismatch");
        const what = `the QR code is not one of this verification with ${this.#state.userId}`;
        throw new SottoError("VERIFICATION_MISMATCH", what, { cause });
      }
      this.#method = qr;
      await this.#send(qr.reciprocate());
    });
  }

  /** A person has compared and says: they are the same. */
  confirm(): Promise<void> {
    return this.#act(["comparing", "scanned"], async () => {
      const method = this.#method;
      if (method instanceof wasm.Sas) for (const request of await method.confirm()) await this.#send(request);
      else await this.#send(method?.confirmScanning());
    });
  }

  /** A person has compared and says: they differ. */
  mismatch(): Promise<void> {
    return this.#act(["comparing", "scanned"], () =>
      this.#cancel(this.#method instanceof wasm.Sas ? "m.mismatched_sas" : "m.key_mismatch"),
    );
  }

  /** Does nothing to one that is over. */
  cancel(code = "m.user"): Promise<void> {
    return this.#serial.run("act", async () => {
      if (!isOver(this.#state)) await this.#cancel(code);
    });
  }

  /** Another device of ours has taken it up. */
  takenElsewhere(): void {
    if (this.#takesPart) return;
    this.#cancelled ??= { code: "m.accepted", reason: "another device has taken it up", byUs: true };
    this.#show(this.#read());
  }

  /** Finds out what the last events have changed. */
  look(): Promise<void> {
    return this.#serial.run("act", () => this.#look());
  }

  /** Nobody waits for it any more; the other side is not told. */
  close(): void {
    this.#patience.end();
  }

  #act(phases: VerificationPhase | readonly VerificationPhase[], work: () => Promise<void>): Promise<void> {
    return this.#serial.run("act", async () => {
      const { phase } = this.#state;
      if (!phases.includes(phase as never)) {
        if (phase === "cancelled") throw cancelledError(this.#state);
        throw new SottoError("USAGE", `the verification is ${phase}: this cannot be done now`);
      }
      try {
        await work();
      } finally {
        await this.#look();
      }
    });
  }

  async #look(): Promise<void> {
    if (isOver(this.#state)) return;
    this.#method = this.#request.getVerification() ?? this.#method;
    if (this.#takesPart && this.#method instanceof wasm.Sas) await this.#send(this.#method.accept());
    const next = this.#read();
    // the engine's word is not enough: the signature must have reached the homeserver
    if (next.phase === "done" && !(await this.#tools.holds(next))) {
      const reason = "the keys that were confirmed are not those that the homeserver shows";
      this.#cancelled = { code: "m.key_mismatch", reason, byUs: true };
      this.#show(this.#read());
    } else this.#show(next);
  }

  #show(next: VerificationState): void {
    if (next.phase === this.#state.phase && next.deviceId === this.#state.deviceId) return;
    this.#state = next;
    if (isOver(next)) this.#patience.end();
    else this.#patience.renew();
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
    for (const listener of this.#listeners) listener(next);
  }

  #read(): VerificationState {
    const request = this.#request;
    const sas = this.#method instanceof wasm.Sas ? this.#method : undefined;
    const decimals = sas?.decimals();
    return {
      id: request.flowId,
      phase: this.#phase(),
      userId: request.otherUserId.toString(),
      deviceId: request.otherDeviceId?.toString(),
      roomId: request.roomId?.toString(),
      incoming: !request.weStarted(),
      emoji: sas?.emoji()?.map(({ symbol, description }) => ({ symbol, description })),
      decimals: decimals && [...decimals],
      cancelled: this.#cancelled,
    };
  }

  #phase(): VerificationPhase {
    const [request, method] = [this.#request, this.#method];
    const info = method?.cancelInfo() ?? request.cancelInfo;
    if (info) {
      this.#cancelled ??= { code: info.cancelCode(), reason: info.reason(), byUs: info.cancelledbyUs() };
    } else if (request.isPassive()) {
      this.#cancelled ??= { code: "m.accepted", reason: "another device has taken it up", byUs: true };
    }
    if (this.#cancelled) return "cancelled";
    if (method?.isDone()) return "done";
    if (method instanceof wasm.Sas) {
      if (method.haveWeConfirmed()) return "confirmed";
      return method.canBePresented() ? "comparing" : "started";
    }
    if (method) return method.hasBeenScanned() ? "scanned" : qrPhase(method);
    return request.isReady() ? "ready" : "requested";
  }

  async #cancel(code: string): Promise<void> {
    // a request that nobody here has taken up just lapses: another device may still take it
    const untouched = !this.#takesPart && code === "m.timeout";
    const reply = untouched ? undefined : this.#cancelRequest(code);
    this.#cancelled ??= { code, reason: REASONS[code] ?? "cancelled", byUs: true };
    this.#show(this.#read());
    await this.#send(reply);
  }

  /** Before a method was chosen, the engine knows one code only. */
  #cancelRequest(code: string): EngineReply {
    if (this.#method) return this.#method.cancelWithCode(code);
    const reply = this.#request.cancel();
    if (!reply || code === "m.user") return reply;
    const body = reply.body.replaceAll('"code":"m.user"', () => `"code":${JSON.stringify(code)}`);
    const { id, type } = reply;
    const more = reply instanceof wasm.RoomMessageRequest ? { room_id: reply.room_id } : {};
    return { id, type, body, event_type: reply.event_type, txn_id: reply.txn_id, ...more };
  }

  #timeOut(): void {
    // the other side hears of it if it can be reached; here it is over in any case
    this.cancel("m.timeout").catch(() => undefined);
  }

  async #send(reply: EngineReply): Promise<void> {
    if (reply) await this.#tools.send(reply);
  }
}

const qrPhase = (qr: wasm.Qr): VerificationPhase =>
  qr.state() === wasm.QrState.Created ? "showing" : "confirmed";

function readQr(bytes: Uint8Array): wasm.QrCodeScan {
  try {
    return wasm.QrCodeScan.fromBytes(new Uint8ClampedArray(bytes));
  } catch (cause) {
    throw new SottoError("QR_UNREADABLE", "this is no QR code of a verification", { cause });
  }
}
