import type { RelatesTo, UnplacedVoiceMessage } from "../model/event.ts";
import type { EventId } from "../model/ids.ts";

/** What a sender may say about a voice message. */
export interface SendOptions {
  /** Names the file that people see when they save it. */
  title?: string;
  /** The event this answers. */
  replyTo?: EventId;
  /** The root event of the thread it belongs to. */
  thread?: EventId;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#rich-replies and #threading. A threaded message that answers
 * nothing in particular falls back to the thread's root for clients without threads.
 */
export function relation({ title, replyTo, thread }: SendOptions): { title?: string; relatesTo?: RelatesTo } {
  const reply = replyTo ?? thread;
  const relatesTo: RelatesTo = {
    ...(thread ? { rel_type: "m.thread", event_id: thread, is_falling_back: replyTo === undefined } : {}),
    ...(reply ? { "m.in_reply_to": { event_id: reply } } : {}),
  };
  return { ...(title ? { title } : {}), ...(reply ? { relatesTo } : {}) };
}

/**
 * A message that takes the place of an earlier one of ours; clients that do not know edits show it as a new one.
 * https://spec.matrix.org/v1.19/client-server-api/#event-replacements
 */
export function replacing(content: UnplacedVoiceMessage, eventId: EventId): UnplacedVoiceMessage {
  const { "m.relates_to": _, ...message } = content;
  return {
    ...message,
    body: `* ${message.body}`,
    "m.new_content": message,
    "m.relates_to": { rel_type: "m.replace", event_id: eventId },
  };
}
