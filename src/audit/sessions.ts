import type { UserId } from "../model/ids.ts";
import type { Envelope } from "../model/room-facts.ts";

/** What was seen of a Megolm session: it may have begun earlier than that. */
export interface Session {
  sender: UserId;
  sessionId: string;
  messages: number;
  firstMs: number;
  lastMs: number;
}

/** By sender and session ID, which the homeserver sees in clear; in the order in which they were first used. */
export function sessionsOf(envelopes: readonly Envelope[]): Session[] {
  const all: Session[] = [];
  const bySender = new Map<UserId, Map<string, Session>>();
  for (let at = envelopes.length - 1; at >= 0; at--) {
    const { sender, sessionId, sentMs } = envelopes[at]!;
    if (sessionId === undefined) continue;
    const sessions = bySender.get(sender) ?? new Map<string, Session>();
    bySender.set(sender, sessions);
    const known = sessions.get(sessionId);
    if (known === undefined) {
      const session = { sender, sessionId, messages: 1, firstMs: sentMs, lastMs: sentMs };
      sessions.set(sessionId, session);
      all.push(session);
    } else {
      known.messages++;
      known.firstMs = Math.min(known.firstMs, sentMs);
      known.lastMs = Math.max(known.lastMs, sentMs);
    }
  }
  return all;
}

/** The worst session of each sender by a measure; senders whose measure is nowhere above the limit are left out. */
export function worstAbove(
  sessions: readonly Session[],
  measure: (session: Session) => number,
  limit: number,
): Session[] {
  const worst = new Map<UserId, Session>();
  for (const session of sessions) {
    const known = worst.get(session.sender);
    if (measure(session) > limit && (known === undefined || measure(session) > measure(known)))
      worst.set(session.sender, session);
  }
  return [...worst.values()];
}

/** Of one sender: how many messages were seen, and how many began a session that nothing explains. */
export interface Churn {
  sender: UserId;
  messages: number;
  unexplained: number;
}

/**
 * A session is explained if it is the sender's first, if members or the history's visibility have changed since the
 * sender's last message, or if that message's session was used up by time or count.
 * https://spec.matrix.org/v1.19/client-server-api/#mmegolmv1aes-sha2
 */
export function churnOf(
  envelopes: readonly Envelope[],
  rotation: { periodMs: number; messages: number },
): Churn[] {
  const senders = new Map<
    UserId,
    Churn & { sessions: Map<string, { firstMs: number; messages: number }>; last: string; at: number }
  >();
  let changedAt = -1;
  for (const [at, { type, stateKey, sender, sessionId, sentMs }] of envelopes.toReversed().entries()) {
    if (stateKey !== undefined && CHANGES_KEYS.includes(type)) changedAt = at;
    if (sessionId === undefined) continue;
    const known = senders.get(sender);
    if (known === undefined) {
      const sessions = new Map([[sessionId, { firstMs: sentMs, messages: 1 }]]);
      senders.set(sender, { sender, messages: 1, unexplained: 0, sessions, last: sessionId, at });
      continue;
    }
    const session = known.sessions.get(sessionId);
    const before = known.sessions.get(known.last)!;
    const isUsedUp = sentMs - before.firstMs >= rotation.periodMs || before.messages >= rotation.messages;
    if (session === undefined && changedAt < known.at && !isUsedUp) known.unexplained++;
    known.sessions.set(sessionId, {
      firstMs: session?.firstMs ?? sentMs,
      messages: (session?.messages ?? 0) + 1,
    });
    known.messages++;
    known.last = sessionId;
    known.at = at;
  }
  return [...senders.values()].map(({ sender, messages, unexplained }) => ({
    sender,
    messages,
    unexplained,
  }));
}

const CHANGES_KEYS = ["m.room.member", "m.room.history_visibility", "m.room.encryption"];
