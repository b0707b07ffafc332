import type { RoomId, UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import type { RelayCheck } from "../connector-checks.ts";
import { isRoom, type Route } from "../relay/routes.ts";
import { whyUnreadable } from "../why.ts";

/** What answers are known by in the queue; no connector has such a name. */
export const ANSWERS = ":answers";

export const HELP = [
  "!sotto status: what waits, how old it is, and the routes of this room",
  "!sotto why: which of the last voice messages sent here your devices cannot play, and why",
  "!sotto help: this",
].join("\n");

/** What the answers need of the relay. */
export interface RoutesHere {
  /** Those that begin or end in the room. */
  routesOf(roomId: RoomId): readonly Route[];
  checks(): Promise<readonly RelayCheck[]>;
}

/** Other rooms are not named: who is in this one need not know of them. */
export async function statusOf(account: Account, relay: RoutesHere, roomId: RoomId): Promise<string> {
  const { store, sync } = account;
  const { sent: _, failed = 0, ...open } = store.jobs.counts();
  const waiting = Object.values(open).reduce((sum, jobs) => sum + jobs, 0);
  const stopped = store.stoppedRooms.all();
  const rooms = new Set(stopped.map(({ roomId }) => roomId)).size;
  const behind = store.jobs.openIn(stopped.map(({ roomId }) => roomId));
  const oldestMs = store.jobs.oldestOpenMs();
  const { ageMs } = sync.standing;
  const oldest = oldestMs === undefined ? "" : `, the oldest since ${spoken(Date.now() - oldestMs)}`;
  const checks = await relay.checks();
  const routes = relay.routesOf(roomId).map((route) => `- ${wordsFor(route, checks)}`);
  return [
    `Messages that wait: ${waiting}${oldest}. Given up: ${failed}.`,
    ...(stopped.length > 0
      ? [`Rooms that are evacuated or below policy: ${rooms}. Messages that wait for them: ${behind}.`]
      : []),
    `Last answer of the homeserver: ${ageMs === undefined ? "none yet" : `${spoken(ageMs)} ago`}.`,
    ...(routes.length > 0 ? ["Routes of this room:", ...routes] : ["No route leads to or from this room."]),
  ].join("\n");
}

function wordsFor({ from, to }: Route, checks: readonly RelayCheck[]): string {
  const troubles = checks.filter(({ ok, connector }) => !ok && [from, to].includes(connector));
  const words = troubles.map(({ connector, message }) =>
    isRoom(connector) ? "a room of it cannot be used: see the log" : message,
  );
  return `${name(from)} to ${name(to)}: ${words.length > 0 ? words.join("; ") : "works"}`;
}

const name = (end: string): string => (isRoom(end) ? "a room" : end);

const LAST = 5;

/** Of the last messages that this account sent into the room, those that none of the asker's devices can open. */
export function whyNot(account: Account, roomId: RoomId, asker: UserId): string {
  const { jobs } = account.store;
  const sent = jobs
    .sentTo(roomId, 2 * LAST)
    .filter(({ source, announces }) => !source?.startsWith(":") && !announces);
  const unreadable = sent.slice(0, LAST).flatMap(({ eventId, createdMs }) => {
    const devices = devicesOf(account, eventId!, asker);
    if (devices.some(({ canRead }) => canRead)) return [];
    const reasons = devices.map(({ deviceId, sentence }) => `  ${deviceId ?? "you"}: ${sentence}`);
    return [
      `The one of ${new Date(createdMs).toISOString()}:`,
      ...(reasons.length > 0 ? reasons : ["  no key of it was meant for you"]),
    ];
  });
  if (sent.length === 0) return "No voice message was sent here that is still known of.";
  if (unreadable.length === 0) return "A device of yours was handed the key of each of the last messages.";
  return unreadable.join("\n");
}

function devicesOf(account: Account, eventId: string, userId: UserId) {
  try {
    return whyUnreadable(account, eventId, { userId }).devices;
  } catch {
    return []; // nothing is known of them
  }
}

/** In the largest unit that it fills: 90 seconds, 3 hours. */
function spoken(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} seconds`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} hours` : `${Math.floor(seconds / 86_400)} days`;
}
