import type { Intake, TakenJob } from "../../model/connector.ts";
import type { Answer } from "./answer.ts";
import { isTheirs, refused } from "./refusal.ts";
import type { Token } from "./tokens.ts";

export const jobUrl = (job: number): string => `/v1/jobs/${job}`;

/** What a recording is known by: keys of different tokens, and for different rooms, have nothing to do with each other. */
export const recordingId = (token: string, room: string, key: string): string =>
  `${token}/${encodeURIComponent(room)}/${key}`;

/**
 * A job, for the token that brought its recording.
 *
 * @throws Refusal `JOB_UNKNOWN`, also for a job of another token: that it is there is not theirs to know
 */
export async function showJob(intake: Intake, token: Token, text: string): Promise<Answer> {
  const job = /^[1-9]\d{0,14}$/.test(text) ? await intake.job(Number(text)) : undefined;
  if (!job || job.by !== token.name) throw refused("JOB_UNKNOWN", "there is no such job of this token");
  const { state, eventId, error } = job;
  return {
    status: 200,
    body: {
      job: job.job,
      state,
      ...(eventId ? { eventId } : {}),
      ...(error ? { error: tellable(error) } : {}),
    },
  };
}

/** Why a room or its members could not be served names them, and is for the operator alone. */
const tellable = ({ code, message }: NonNullable<TakenJob["error"]>): { code: string; message: string } => ({
  code,
  message: isTheirs(code)
    ? message
    : "it was given up; the operator finds the reason with `sotto queue list`",
});
