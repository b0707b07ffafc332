import { curlTimeline } from "../how.ts";
import { defineRule } from "../rule.ts";
import { counted, named } from "../say.ts";
import { inWhatWasRead, readPast } from "../timeline.ts";

const NOUNS = new Map([
  ["m.in_reply_to", "answer"],
  ["m.replace", "edit"],
  ["m.thread", "message in a thread"],
]);
const plural = (count: number, noun: string): string =>
  noun === "message in a thread" && count !== 1 ? `${count} messages in threads` : counted(count, noun);

export const relations = defineRule({
  id: "SOTTO-META-006",
  title: "Nothing shows who answers whom",
  severity: "info",
  rationale:
    "What a message answers or corrects stands beside the ciphertext, where homeservers can read it: it has to, so nobody did wrong.",
  how: `${curlTimeline}: content["m.relates_to"] of m.room.encrypted`,
  cure: "where it matters write anew instead of answering or editing; where it does not, waive SOTTO-META-006: no setting ends it",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencrypted",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check([{ encryption }, timeline]) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const related = timeline.envelopes.filter(
      ({ type, relation, isRedacted }) =>
        type === "m.room.encrypted" && relation !== undefined && !isRedacted,
    );
    if (related.length === 0)
      return [{ result: "pass", message: `no relation of an encrypted message ${inWhatWasRead(timeline)}` }];
    const kinds = [...Map.groupBy(related, ({ relation }) => NOUNS.get(relation!) ?? "other relation")].map(
      ([noun, events]) => plural(events.length, noun),
    );
    return [{ result: "warn", message: `homeservers can see to what these belong: ${named(kinds)}` }];
  },
});
