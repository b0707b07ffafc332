import { isPassing, toSottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Intake } from "../../model/connector.ts";
import { type Answer, answerTo, taken, together } from "./answers.ts";
import { forRoom, type MailedRecording, recordingsOf } from "./recordings.ts";

/** Brings the recordings of mails to the intake. */
export class Delivery {
  readonly #intake: Intake;
  readonly #rooms: ReadonlyMap<string, string> | undefined;
  readonly #logger: Logger;

  /** @param rooms - by recipient in small letters; undefined takes every recipient, for all routes */
  constructor(intake: Intake, rooms: ReadonlyMap<string, string> | undefined, logger: Logger) {
    this.#intake = intake;
    this.#rooms = rooms;
    this.#logger = logger;
  }

  /** One answer for each recipient, when every recording is taken or refused. */
  async deliver(mail: Buffer, recipients: readonly string[]): Promise<Answer[]> {
    const rooms = recipients.map((recipient) => this.#rooms?.get(recipient.toLowerCase()));
    const answers = new Map<string | undefined, Answer>();
    try {
      const recordings = recordingsOf(mail, Date.now());
      for (const room of new Set(rooms)) answers.set(room, await this.#takeAll(recordings, room));
    } catch (thrown) {
      const answer = this.#refused(thrown);
      for (const room of rooms) answers.set(room, answer);
    }
    return rooms.map((room) => answers.get(room)!);
  }

  /** One that is refused does not keep back the others: what comes again is known by then. */
  async #takeAll(recordings: readonly MailedRecording[], room: string | undefined): Promise<Answer> {
    const answers: Answer[] = [];
    for (const recording of recordings) {
      const brought = room === undefined ? recording : forRoom(recording, room);
      answers.push(
        await this.#intake.take(brought).then(
          () => taken(recordings.length),
          (thrown: unknown) => this.#refused(thrown),
        ),
      );
    }
    return together(answers);
  }

  #refused(thrown: unknown): Answer {
    const error = toSottoError(thrown);
    const answer = answerTo(error);
    // neither its sender nor its recipient: those may be telephone numbers
    const fields = { code: error.code, answer: answer.code };
    if (isPassing(error) || answer.code >= 500) this.#logger.warn("a mail was not taken", fields);
    else this.#logger.error("a mail waits: its recordings cannot be taken", { ...fields, cure: error.cure });
    return answer;
  }
}
