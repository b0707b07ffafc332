import { SottoError, toSottoError } from "../errors.ts";
import type { Job } from "../model/job.ts";
import type { VoiceFacts, VoiceStream } from "../model/recording.ts";
import type { Outbox } from "../outbox/index.ts";
import type { Account } from "./account.ts";
import { findOpenRoom } from "./destination.ts";
import { type Acceptance, receiptOf, type SendResult, type SentVoice } from "./pipeline.ts";
import type { PreparedVoice } from "./prepare.ts";
import type { SendOptions } from "./relation.ts";
import { voiceParts } from "./voice-parts.ts";

interface SpooledPart {
  part: PreparedVoice;
  spooled: Awaited<ReturnType<Outbox["spool"]>>;
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
  const finding = findOpenRoom(account, room);
  const preparing = finding.then((roomId) => account.encryptor.prepare(roomId)).catch(() => undefined);
  const parts: SpooledPart[] = [];
  try {
    const roomId = await finding;
    for await (const part of voiceParts(account, roomId, recording, options)) {
      parts.push({ part, spooled: await account.outbox.spool(part.ciphertext) });
    }
    const messages = await Promise.all(
      parts.map(({ part, spooled }) => part.message(spooled.size, parts.length)),
    );
    await accepting?.();
    const jobs = await account.outbox.acceptAll(
      roomId,
      messages.map(({ content }, index) => ({ content, spooled: parts[index]!.spooled })),
    );
    accepted?.();
    const made = messages.map(({ facts }, index) => ({ ...facts, size: parts[index]!.spooled.size }));
    const sent = await sendAll(account, jobs, made, isHeard);
    const { truncated } = await recording.facts;
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

/** As soon as one part may have arrived, the others are not given up any more: they follow, now or later. */
async function sendAll(
  account: Account,
  jobs: readonly Job[],
  made: readonly (Pick<VoiceFacts, "durationMs" | "waveform"> & { size: number })[],
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
    const { durationMs, waveform, size } = made[index]!;
    const { mxcUri } = result.value;
    return { ...receiptOf(account, result.value), mxcUri: mxcUri!, durationMs, size, waveform };
  });
}

function partly(arrived: number, of: number, cause: SottoError, isRefused: boolean): SottoError {
  const message = `${arrived} of ${of} parts are in the room: ${cause.message}`;
  return isRefused
    ? new SottoError(cause.code, message, { cause, cure: cause.cure })
    : new SottoError("SEND_UNCERTAIN", message, { cause });
}
