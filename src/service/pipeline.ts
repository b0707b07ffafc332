import type { EventId, MxcUri, RoomId } from "../model/ids.ts";
import type { SentJob } from "../model/job.ts";
import type { VoiceStream } from "../model/recording.ts";
import type { Account } from "./account.ts";
import { findOpenRoom } from "./destination.ts";
import { prepareVoice } from "./prepare.ts";
import type { SendOptions } from "./relation.ts";

/** Where a message is, and who can play it. */
export interface Receipt {
  eventId: EventId;
  roomId: RoomId;
  txnId: string;
  sessionId: string;
  /** Devices whose key for this session the homeserver was handed. */
  sharedWith: { userId: string; deviceId: string }[];
  /**
   * Who was left out: devices with the spec's withheld code, or `keys-invalid`; and, without a device, users who have
   * none (`no-device`) and users whose homeserver did not answer (`unreachable`).
   */
  withheld: { userId: string; deviceId: string | null; code: string }[];
}

/** What became of a voice message, or of a part of one. */
export interface SentVoice extends Receipt {
  mxcUri: MxcUri;
  durationMs: number;
  /** Bytes of the clear Ogg file. */
  size: number;
  waveform: number[];
}

/** What became of a voice message; of one that was split, of its first part. */
export interface SendResult extends SentVoice {
  /** Only where it was split: all of them, in the room's order. */
  parts?: SentVoice[];
  /** Only where the recording was cut short or is damaged: this is what there was of it. */
  truncated?: true;
}

/** The moments around which a message becomes the outbox's, which sends it whatever becomes of its sender. */
export interface Acceptance {
  /** The last moment to take it back, by throwing. */
  accepting?(): Promise<void>;
  /** It is durable. */
  accepted?(): void;
  /** Whether the sender still waits for the answer; one that has gone cannot be told that it was given up. */
  isHeard?(): boolean;
}

/** The send corridor: a recording becomes an encrypted voice message in a room. */
export async function sendVoice(
  account: Account,
  room: string,
  recording: VoiceStream,
  options: SendOptions = {},
  { accepting, accepted, isHeard }: Acceptance = {},
): Promise<SendResult> {
  const finding = findOpenRoom(account, room);
  // one that nobody will get need not come to its end
  finding.catch((reason) => recording.chunks.destroy(reason));
  // the key is on its way while the recording still comes; what stands against it, encryption says
  const preparing = finding.then((roomId) => account.encryptor.prepare(roomId)).catch(() => undefined);
  const voice = prepareVoice(account, finding, recording, options);
  const spooling = account.outbox.spool(voice.ciphertext);
  spooling.catch(() => undefined); // awaited below, when the room is found
  try {
    const roomId = await finding;
    const spooled = await spooling;
    const { content, facts } = await voice.message(spooled.size);
    await accepting?.();
    const job = await account.outbox.accept(roomId, content, spooled);
    accepted?.();
    const sent = await account.outbox.send(job, isHeard);
    const { durationMs, waveform, truncated } = facts;
    return {
      ...receiptOf(account, sent),
      ...{ mxcUri: sent.mxcUri!, durationMs, size: spooled.size, waveform },
      ...(truncated && { truncated }),
    };
  } finally {
    await preparing;
    // nothing of it goes on behind our back, and what was not accepted is gone
    await (await spooling.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

export function receiptOf(account: Account, job: SentJob): Receipt {
  const sharedWith: Receipt["sharedWith"] = [];
  const withheld: Receipt["withheld"] = [];
  for (const { userId, deviceId, outcome } of account.store.ledger.entries(job.sessionId)) {
    if (outcome === "shared" && deviceId !== null) sharedWith.push({ userId, deviceId });
    else withheld.push({ userId, deviceId, code: outcome });
  }
  const { eventId, roomId, txnId, sessionId } = job;
  return { eventId, roomId, txnId, sessionId, sharedWith, withheld };
}
