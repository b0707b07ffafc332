import type { Readable } from "node:stream";
import { encodeVoice } from "../audio/index.ts";
import { SottoError } from "../errors.ts";
import type { VoiceDescription } from "../model/connector.ts";
import type { StepResult } from "../model/evacuation.ts";
import type { RoomId } from "../model/ids.ts";
import type { RawFormat } from "../model/raw-format.ts";
import type { AudioSource, VoiceStream } from "../model/recording.ts";
import type { SoundCare } from "../model/sound-care.ts";
import type { Account } from "./account.ts";
import { audioOptions, withCare } from "./audio-options.ts";
import { makeBackup } from "./backup.ts";
import { listDevices } from "./devices.ts";
import { checkAccount } from "./doctor.ts";
import type { EvacuateArguments } from "./evacuate/evacuate.ts";
import { type IngestArguments, ingest } from "./ingest.ts";
import { sendInParts } from "./parts.ts";
import { sendVoice } from "./pipeline.ts";
import { type Canaries, sendCanaries } from "./prove/operation.ts";
import { dropQueued, listQueue, retryQueued, showQueued } from "./queue.ts";
import { receiveWaiting } from "./receive.ts";
import { RECOVERY_OPERATIONS } from "./recovery/operations.ts";
import type { RestoreProgress } from "./recovery/recovery.ts";
import type { SendOptions } from "./relation.ts";
import { resend } from "./resend.ts";
import { acceptRoute } from "./room/accept-route.ts";
import { rotate } from "./rotate.ts";
import { confirmStore, storeDoubts } from "./store-doubts.ts";
import { acceptUser, trustStatus } from "./trust.ts";
import { type Question, type VerifyProgress, verify } from "./verify.ts";
import type { VoiceMessage } from "./voice-message.ts";
import { whyUnreadable } from "./why.ts";
import type { Withheld, WithheldKind } from "./withheld.ts";

/**
 * What the holder of the store does for a command, in the same process or for another through the socket: plain data
 * in, plain data out.
 */
export interface Call {
  operation: string;
  args: Record<string, unknown>;
  /** The recording, for operations that take one. */
  source?: AudioSource;
  /** The same, if encoding it has begun already. */
  recording?: VoiceStream;
  /** The process ends with this call. */
  shortLived?: boolean;
  /** Hands a message to the command and waits until it has dealt with it. */
  emit(message: Emitted): Promise<void>;
  /** Puts a question to the person at the command, if there is one; the signal withdraws it. */
  ask?(question: Question, signal: AbortSignal): Promise<string>;
  /** Aborted when the command goes away. */
  signal: AbortSignal;
  /** Aborted when the holder wants to end: an operation without an end of its own then stops where it is. */
  closing?: AbortSignal;
  /** Resolves when the command knows that from here on its message may be sent; rejects if it wants that no more. */
  accepting?(): Promise<void>;
  /** The message is durable. */
  accepted?(): void;
  /** Whether the command still waits for the answer. */
  isHeard?(): boolean;
}

/** What an operation tells a command while it runs. */
export type Emitted =
  /** `recording` can be read once, until the command has dealt with it. */
  | ({ kind: "voice"; recording: Readable } & VoiceDescription)
  | WithheldNotice
  /** A new recovery key: the command keeps it before anything is published. */
  | { kind: "recovery-key"; recoveryKey: string }
  /** Where the account's owner has to approve what was asked for. */
  | { kind: "account-page"; url: string }
  /** Both are on the homeserver for as long as the command looks for them. */
  | ({ kind: "canaries" } & Canaries)
  /** A step that has ended. */
  | { kind: "evacuation"; roomId: RoomId; step: StepResult }
  /** A piece of a result that is too long for one message, JSON. */
  | { kind: "report"; text: string }
  | ({ kind: "progress" } & RestoreProgress)
  | VerifyProgress;

/** A message that is not handed on; `message` says why, in a sentence. */
interface WithheldNotice extends Omit<Withheld, "kind" | "error"> {
  kind: "withheld";
  why: WithheldKind;
  code: string;
  message: string;
  cure: string;
}

/** Fewer than asked for means that the holder ended: the next one goes on. */
export interface Received {
  received: number;
}

interface SendArguments extends SendOptions {
  room: string;
  raw?: RawFormat;
  care?: SoundCare;
  split?: boolean;
}

type Operation = (account: Account, call: Call) => Promise<unknown>;

const OPERATIONS: Record<string, Operation> = {
  async send(
    account,
    { args, source, recording, signal, shortLived, closing, accepting, accepted, isHeard },
  ) {
    if (!source) throw new SottoError("USAGE", "send needs a recording");
    const { room, raw, care, split, ...options } = args as unknown as SendArguments;
    // only reading can last for ever; what has been read reaches its room before the holder ends
    const reading = closing ? AbortSignal.any([signal, closing]) : signal;
    const how = {
      ...withCare(audioOptions(account.config), care),
      ...(raw && { raw }),
      ...(shortLived && { shortLived }),
    };
    const encoding = recording ?? encodeVoice(source, { ...how, signal: reading });
    return (split ? sendInParts : sendVoice)(account, room, encoding, options, {
      async accepting() {
        signal.throwIfAborted();
        await accepting?.();
      },
      ...(accepted && { accepted }),
      ...(isHeard && { isHeard }),
    });
  },

  async ingest(account, { args, source, signal, closing }) {
    if (!source) throw new SottoError("USAGE", "ingest needs a recording");
    const taking = closing ? AbortSignal.any([signal, closing]) : signal;
    return ingest(account, args as unknown as IngestArguments, source, taking);
  },

  async receive(account, { args, emit, signal: gone, closing }) {
    const { room, count } = args as { room?: string; count?: number };
    const wanted = count ?? Number.POSITIVE_INFINITY;
    const signal = closing ? AbortSignal.any([gone, closing]) : gone;
    const ended = account.sync.run().then(() => "ended" as const);
    ended.catch(() => undefined); // it may fail while a message is handed over; the race below tells
    let received = 0;
    while (received < wanted && !signal.aborted) {
      const next = account.sync.nextBatch(signal);
      received += await receiveWaiting(account, receiver(account, room, emit), wanted - received);
      if (received < wanted && (await Promise.race([next, ended])) === "ended") break;
    }
    return { received } satisfies Received;
  },

  doctor: (account) => checkAccount(account),
  ...RECOVERY_OPERATIONS,
  devices: (account, { args }) => listDevices(account, (args as { user?: string }).user),

  async verify(account, call) {
    const result = await verify(account, call);
    void account.outbox.resume(); // what waited for that
    return result;
  },

  async trust(account, { args }) {
    const { userId, fingerprint, room } = args as { userId: string; fingerprint?: string; room?: string };
    const where = room === undefined ? {} : { room };
    if (fingerprint === undefined) return trustStatus(account, userId, room);
    return acceptUser(account, { userId, fingerprint, ...where });
  },

  async why(account, { args }) {
    const { eventId, ...only } = args as { eventId: string; userId?: string; deviceId?: string };
    return whyUnreadable(account, eventId, only);
  },

  async resend(account, { args, accepting, accepted }) {
    return resend(account, args.eventId as string, {
      ...(accepting ? { accepting } : {}),
      ...(accepted ? { accepted } : {}),
    });
  },

  "queue-list": async (account, { args }) => listQueue(account, args.limit as number),
  "queue-show": async (account, { args }) => showQueued(account, args.job as number),
  "queue-retry": (account, { args }) => retryQueued(account, args.job as number),
  "queue-drop": (account, { args }) => dropQueued(account, args.job as number),

  "route-accept": (account, { args }) => acceptRoute(account, args.room as string),
  prove: (account, call) => sendCanaries(account, call),
  rotate: (account, { args }) => rotate(account, args.room as string | undefined),

  evacuate: async (account, { args, emit }) =>
    (await import("./evacuate/evacuate.ts")).evacuate(
      account,
      args as unknown as EvacuateArguments,
      // whether the command still listens or not
      (roomId, step) => void emit({ kind: "evacuation", roomId, step }).catch(() => undefined),
    ),
  "evacuation-over": async (account, { args }) =>
    (await import("./evacuate/over.ts")).evacuationOver(
      account,
      args as { room: string; isDryRun?: boolean },
    ),

  "store-doubts": (account) => storeDoubts(account),
  "store-confirm": (account, { args }) => confirmStore(account, args.deviceId as string),

  backup: async (account) => makeBackup(account),

  "enforce-plan": async (account, call) => (await import("./enforce/operations.ts")).plan(account, call),
  "enforce-apply": async (account, call) => (await import("./enforce/operations.ts")).apply(account, call),
  "enforce-undo": async (account, call) => (await import("./enforce/operations.ts")).undo(account, call),
  "enforce-create": async (account, call) => (await import("./enforce/operations.ts")).create(account, call),

  "team-plan": async (account, call) => (await import("./team/operations.ts")).plan(account, call),
  "team-apply": async (account, call) => (await import("./team/operations.ts")).apply(account, call),

  // loaded when it is asked for: no other operation reads so much
  audit: async (account, call) => (await import("./audit/audit.ts")).auditAccount(account, call),
  "audit-log": async (account, call) => (await import("./audit/audit.ts")).checkLog(account, call),
  "audit-log-begin": async (account, call) => (await import("./audit/audit.ts")).beginLog(account, call),
};

export async function perform(account: Account, call: Call): Promise<unknown> {
  const operation = Object.hasOwn(OPERATIONS, call.operation) ? OPERATIONS[call.operation] : undefined;
  if (!operation) {
    throw new SottoError("USAGE", `the process that holds the store does not know "${call.operation}"`, {
      cure: "restart it with the version of Sotto that you are calling",
    });
  }
  return operation(account, call);
}

function receiver(account: Account, roomId: string | undefined, emit: Call["emit"]) {
  return {
    takes: (room: string) => (roomId === undefined || room === roomId) && !account.routed(room),
    onVoice: ({ stream, bytes: _, save: __, ...description }: VoiceMessage) =>
      emit({ kind: "voice", ...description, recording: stream() }),
    onWithheld: ({ kind: why, error, ...where }: Withheld) => {
      const { code, message, cure } = error;
      // whoever has gone is missed at the next message
      emit({ kind: "withheld", why, code, message, cure, ...where }).catch(() => undefined);
    },
  };
}
