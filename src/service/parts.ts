import { type MessageLimits, type PartFacts, splitVoice } from "../audio/index.ts";
import { SottoError, toSottoError } from "../errors.ts";
import { encryptAttachment, voiceContent } from "../media/index.ts";
import type { UnplacedFile } from "../model/event.ts";
import type { RoomId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { VoiceStream } from "../model/recording.ts";
import type { Outbox } from "../outbox/index.ts";
import type { Account } from "./account.ts";
import { findRoom } from "./destination.ts";
import { type Acceptance, receiptOf, type SendResult, type SentVoice } from "./pipeline.ts";
import { relation, type SendOptions } from "./relation.ts";
import { roomLimits } from "./room-limits.ts";

interface SpooledPart extends PartFacts {
  spooled: Awaited<ReturnType<Outbox["spool"]>>;
  file: UnplacedFile;
}

/**
 * The send corridor for a recording that may be longer than one message may be: it becomes as many as it needs, cut where
 * it is quiet. All of them are accepted in one step, when the last is encoded; until then nothing of it is sent.
 *
 * @throws SottoError what `sendVoice` throws; `SEND_UNCERTAIN` when some parts are in the room and the rest follows later
 */
export async function sendInParts(
  account: Account,
  room: string,
  recording: VoiceStream,
  options: SendOptions = {},
  { accepting, accepted, isHeard = () => true }: Acceptance = {},
): Promise<SendResult> {
  const finding = findRoom(account, room);
  const preparing = finding.then((roomId) => account.encryptor.prepare(roomId)).catch(() => undefined);
  const parts: SpooledPart[] = [];
  try {
    const roomId = await finding;
    for await (const { chunks, facts } of splitVoice(recording, await limitsFor(account, roomId))) {
      const attachment = encryptAttachment(chunks);
      const spooled = await account.outbox.spool(attachment.ciphertext);
      parts.push({ spooled, file: attachment.file, ...(await facts) });
    }
    const { truncated, durationMs, waveform } = await recording.facts;
    // one that fits is the message that it would be without all this
    if (parts.length === 1) Object.assign(parts[0]!, { durationMs, waveform });
    const messages = parts.map((part, index) => messageOf(part, index, parts.length, options));
    await accepting?.();
    const jobs = await account.outbox.acceptAll(roomId, messages);
    accepted?.();
    const sent = await sendAll(account, jobs, parts, isHeard);
    return {
      ...sent[0]!,
      ...(truncated && { truncated }),
      ...(sent.length > 1 && { parts: sent }),
    };
  } catch (thrown) {
    recording.chunks.destroy(toSottoError(thrown));
    throw thrown;
  } finally {
    await preparing;
    for (const { spooled } of parts) await spooled[Symbol.asyncDispose]();
  }
}

/** The homeserver's and the room's together. The encoder goes on meanwhile, as far ahead as it may be. */
async function limitsFor(account: Account, roomId: RoomId): Promise<MessageLimits> {
  const [{ maxBytes, maxDurationMs }, maxUploadBytes] = await Promise.all([
    roomLimits(account, roomId),
    account.contentRepository.maxUploadBytes(),
  ]);
  const bytes = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, maxUploadBytes ?? Number.POSITIVE_INFINITY);
  return { maxBytes: bytes, ...(maxDurationMs !== undefined && { maxDurationMs }) };
}

/** Every part is in the thread; what is answered is answered once. */
function messageOf(part: SpooledPart, index: number, of: number, options: SendOptions) {
  const { spooled, ...facts } = part;
  const { replyTo: _, ...others } = options;
  const content = voiceContent({
    ...facts,
    size: spooled.size,
    ...(of > 1 && { part: { number: index + 1, of } }),
    ...relation(index === 0 ? options : others),
  });
  return { content, spooled };
}

/** As soon as one part may have arrived, the others are not given up any more: they follow, now or later. */
async function sendAll(
  account: Account,
  jobs: readonly Job[],
  parts: readonly SpooledPart[],
  isHeard: () => boolean,
): Promise<SentVoice[]> {
  const { store, outbox } = account;
  const stateOf = ({ jobId }: Job) => store.jobs.get(jobId)?.state ?? "failed";
  const mayHaveArrived = () => ["encrypted", "sent"].includes(stateOf(jobs[0]!));
  const sending = jobs.map((job, index) =>
    outbox.send(job, () => isHeard() && (index === 0 || !mayHaveArrived())),
  );
  const results = await Promise.allSettled(sending);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) {
    const reason = toSottoError(failed.reason);
    const arrived = results.filter(({ status }) => status === "fulfilled").length;
    if (arrived === 0) throw reason;
    throw partly(
      arrived,
      jobs.length,
      reason,
      jobs.some((job) => stateOf(job) === "failed"),
    );
  }
  return results.map((result, index) => {
    if (result.status === "rejected") throw result.reason;
    const { durationMs, waveform, spooled } = parts[index]!;
    const { mxcUri } = result.value;
    return { ...receiptOf(account, result.value), mxcUri: mxcUri!, durationMs, size: spooled.size, waveform };
  });
}

function partly(arrived: number, of: number, cause: SottoError, isRefused: boolean): SottoError {
  const message = `${arrived} of ${of} parts are in the room: ${cause.message}`;
  return isRefused
    ? new SottoError(cause.code, message, { cause, cure: cause.cure })
    : new SottoError("SEND_UNCERTAIN", message, { cause });
}
