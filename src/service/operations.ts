import { encodeVoice } from "../audio/index.ts";
import { SottoError } from "../errors.ts";
import type { AudioSource, VoiceClip } from "../model/recording.ts";
import type { Account } from "./account.ts";
import { makeBackup } from "./backup.ts";
import { checkAccount } from "./doctor.ts";
import { sendVoice } from "./pipeline.ts";
import { receiveWaiting, type VoiceMessage } from "./receive.ts";
import type { SendOptions } from "./relation.ts";
import { rotate } from "./rotate.ts";

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
  clip?: Promise<VoiceClip>;
  /** Hands a message to the command and waits until it has dealt with it. */
  emit(message: Emitted): Promise<void>;
  /** Aborted when the command goes away. */
  signal: AbortSignal;
  /** Aborted when the holder wants to end: an operation without an end of its own then stops where it is. */
  closing?: AbortSignal;
  /** Resolves when the command knows that from here on its message may be sent; rejects if it wants that no more. */
  accepting?(): Promise<void>;
  /** The message is durable. */
  accepted?(): void;
}

/** What an operation tells a command while it runs. */
export type Emitted =
  | ({ kind: "voice" } & VoiceMessage)
  | { kind: "withheld"; eventId: string; roomId: string; sender: string; code: string; message: string };

/** Fewer than asked for means that the holder ended: the next one goes on. */
export interface Received {
  received: number;
}

type Operation = (account: Account, call: Call) => Promise<unknown>;

const OPERATIONS: Record<string, Operation> = {
  async send(account, { args, source, clip, signal, closing, accepting, accepted }) {
    if (!source) throw new SottoError("USAGE", "send needs a recording");
    const { room, ...options } = args as unknown as { room: string } & SendOptions;
    // only reading can last for ever; what has been read reaches its room before the holder ends
    const reading = closing ? AbortSignal.any([signal, closing]) : signal;
    return sendVoice(account, room, clip ?? encodeVoice(source, { signal: reading }), options, {
      async accepting() {
        signal.throwIfAborted();
        await accepting?.();
      },
      ...(accepted ? { accepted } : {}),
    });
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
      received += await receiveWaiting(account, receiver(room, emit), wanted - received);
      if (received < wanted && (await Promise.race([next, ended])) === "ended") break;
    }
    return { received } satisfies Received;
  },

  doctor: (account) => checkAccount(account),

  rotate: (account, { args }) => rotate(account, args.room as string | undefined),

  backup: async (account) => makeBackup(account),
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

function receiver(roomId: string | undefined, emit: Call["emit"]) {
  return {
    ...(roomId === undefined ? {} : { roomId }),
    onVoice: (message: VoiceMessage) => emit({ kind: "voice", ...message }),
    onWithheld: ({
      error,
      ...where
    }: {
      eventId: string;
      roomId: string;
      sender: string;
      error: SottoError;
    }) => {
      // whoever has gone is missed at the next message
      emit({ kind: "withheld", code: error.code, message: error.message, ...where }).catch(() => undefined);
    },
  };
}
