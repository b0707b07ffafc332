import { isPassing, type SottoError } from "../../errors.ts";

/** What a client is told of a mail (RFC 5321 section 4.2.1): 2 taken, 4 try again, 5 never. */
export interface Answer {
  code: number;
  text: string;
}

const TOO_LARGE: Answer = { code: 552, text: "a recording in it is too large" };
const NO_AUDIO: Answer = { code: 554, text: "there is no recording in it that can be sent" };
const INVALID: Answer = { code: 554, text: "it has too many parts, or is no mail" };
const LATER: Answer = { code: 451, text: "it cannot be taken now, try again later" };

export const taken = (count: number): Answer => ({
  code: 250,
  text: count === 1 ? "OK: 1 recording taken" : `OK: ${count} recordings taken`,
});

/**
 * What a client hears of an error, which may reach a stranger in a bounce: nothing of us stands in it. Only what lies in
 * the mail itself is for good; a fault of our config can be cured while the mail waits.
 */
export function answerTo(error: SottoError): Answer {
  if (isPassing(error)) return LATER;
  if (error.code === "AUDIO_TOO_LARGE") return TOO_LARGE;
  if (error.code === "MAIL_INVALID") return INVALID;
  return error.code.startsWith("AUDIO_") || error.code === "FFMPEG_FAILED" ? NO_AUDIO : LATER;
}

/** One answer for several: the mail comes again if any of them may still come right, and bounces if any never can. */
export function together(answers: readonly Answer[]): Answer {
  const rank = ({ code }: Answer): number => ({ 4: 2, 5: 1 })[Math.floor(code / 100)] ?? 0;
  return answers.reduce((worst, answer) => (rank(answer) > rank(worst) ? answer : worst));
}
