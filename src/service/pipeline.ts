import { uploadEncrypted, voiceContent } from "../media/index.ts";
import type { EventId, MxcUri, RoomId } from "../model/ids.ts";
import type { Delivery, SentJob } from "../model/job.ts";
import type { VoiceClip } from "../model/recording.ts";
import type { Account } from "./account.ts";
import { findRoom } from "./destination.ts";
import { relation, type SendOptions } from "./relation.ts";

/** What became of a voice message. */
export interface SendResult {
  eventId: EventId;
  roomId: RoomId;
  txnId: string;
  mxcUri: MxcUri;
  durationMs: number;
  /** Bytes of the clear Ogg file. */
  size: number;
  waveform: number[];
  sessionId: string;
  /** Devices that have this session's room key. */
  sharedWith: { userId: string; deviceId: string }[];
  /** Devices that were left out, with the spec's withheld code. */
  withheld: { userId: string; deviceId: string; code: string }[];
}

/** The moments around which a message becomes the outbox's, which sends it whatever becomes of its sender. */
export interface Acceptance {
  /** The last moment to take it back, by throwing. */
  accepting?(): Promise<void>;
  /** It is durable. */
  accepted?(): void;
}

/** The send corridor: a recording becomes an encrypted voice message in a room. */
export async function sendVoice(
  account: Account,
  room: string,
  encoding: Promise<VoiceClip>,
  options: SendOptions = {},
  { accepting, accepted }: Acceptance = {},
): Promise<SendResult> {
  const [roomId, clip] = await both(findRoom(account, room), encoding);
  const { file, size } = await uploadEncrypted(account.contentRepository, clip.bytes);
  const { durationMs, waveform } = clip;
  const content = voiceContent({ durationMs, waveform, size, file, ...relation(options) });
  await accepting?.();
  const job = account.outbox.accept(roomId, content);
  accepted?.();
  const sent = await account.outbox.send(job);
  return { ...receipt(account, sent), mxcUri: file.url, durationMs, size, waveform };
}

function receipt(account: Account, job: SentJob) {
  const deliveries = account.store.sessions.deliveries(job.sessionId);
  const isShared = ({ outcome }: Delivery): boolean => outcome === "shared";
  return {
    eventId: job.eventId,
    roomId: job.roomId,
    txnId: job.txnId,
    sessionId: job.sessionId,
    sharedWith: deliveries.filter(isShared).map(({ userId, deviceId }) => ({ userId, deviceId })),
    withheld: deliveries
      .filter((delivery) => !isShared(delivery))
      .map(({ userId, deviceId, outcome }) => ({ userId, deviceId, code: outcome })),
  };
}

/** Both at once; waits for the slower before it reports the first failure, so that nothing goes on behind our back. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}
