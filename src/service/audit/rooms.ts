import {
  adminClearMedia,
  adminReader,
  cutTimeline,
  isListed,
  memberReader,
} from "../../matrix/facts/index.ts";
import type { Transport } from "../../matrix/index.ts";
import type { Fact, Facts } from "../../model/facts.ts";
import type { EventId, MxcUri, RoomId } from "../../model/ids.ts";
import type { RoomFacts, RoomState, Timeline } from "../../model/room-facts.ts";
import type { Store } from "../../store/index.ts";
import type { Asking } from "./asking.ts";

export interface RoomSources {
  asking: Asking;
  store: Pick<Store, "rooms" | "facts">;
  /** The account's own. */
  transport: Transport;
  /** With an administrator's token, if there is one. */
  admin: Transport | undefined;
  /** So many events of each room. */
  depth: number;
  /** Sync has told everything up to now: what it has not marked has not changed. */
  isCurrent: boolean;
  /** Rooms with whether the public directory shows them, where that is known without asking for each. */
  listed?: ReadonlyMap<RoomId, boolean>;
}

/** What is kept of a room from one audit to the next. */
interface KeptRoom {
  readMs: number;
  scope: Facts["scope"];
  depth: number;
  state: RoomState;
  timeline: Timeline;
  clearMedia?: MxcUri[];
}

/** Sync does not tell of events that a server has purged. */
export const MAX_AGE_MS = 7 * 86_400_000;

const NOT_ASKED = {
  unread: "the media of a room are listed by the admin API only: give --admin-token-file",
  notAsked: true,
} as const;

/** The facts of one room. What sync tells of is read again only if it has told of a change. */
export async function readRoom(sources: RoomSources, roomId: RoomId): Promise<RoomFacts> {
  const { asking, transport, listed } = sources;
  const shown = listed?.get(roomId);
  const { state, timeline, clearMedia } = recall(sources, roomId) ?? (await read(sources, roomId));
  return {
    roomId,
    state,
    timeline,
    // nothing tells when it changes
    isListed:
      shown === undefined
        ? await asking.fact(`whether the public directory shows ${roomId}`, (manner) =>
            isListed(transport, roomId, manner()),
          )
        : { value: shown },
    clearMedia,
  };
}

type Told = Pick<RoomFacts, "state" | "timeline" | "clearMedia">;

async function read(sources: RoomSources, roomId: RoomId): Promise<Told> {
  const { asking, store, admin, transport, depth } = sources;
  const reader = admin ? adminReader(admin) : memberReader(transport);
  const changes = store.facts.changes("room", roomId);
  const timeline = await asking.fact(`the history of ${roomId}`, (manner) =>
    reader.timeline(roomId, depth, manner),
  );
  // after the past: where that is as new as sync, so is this
  const state = await asking.fact(`the state of ${roomId}`, (manner) => reader.state(roomId, manner));
  const clearMedia: Fact<MxcUri[]> = admin
    ? await asking.fact(`the media of ${roomId}`, (manner) => adminClearMedia(admin, roomId, manner()))
    : NOT_ASKED;
  const isWhole = "value" in state && "value" in timeline && (!admin || "value" in clearMedia);
  if (isWhole && isTold(sources, roomId) && isAsNew(timeline.value, changes.latest)) {
    const kept: KeptRoom = {
      readMs: Date.now(),
      scope: admin ? "admin" : "member",
      depth,
      state: state.value,
      timeline: timeline.value,
      ...("value" in clearMedia && { clearMedia: clearMedia.value }),
    };
    store.facts.put("room", roomId, changes, JSON.stringify(kept));
  }
  return { state, timeline, clearMedia };
}

function recall(sources: RoomSources, roomId: RoomId): Told | undefined {
  const { store, admin, depth } = sources;
  const json = isTold(sources, roomId) ? store.facts.get("room", roomId) : undefined;
  if (json === undefined) return undefined;
  const kept = JSON.parse(json) as KeptRoom;
  const isDeepEnough = kept.timeline.isWhole || kept.depth >= depth;
  const isYoung = Math.abs(Date.now() - kept.readMs) < MAX_AGE_MS;
  if (kept.scope !== (admin ? "admin" : "member") || !isDeepEnough || !isYoung) return undefined;
  return {
    state: { value: kept.state },
    timeline: { value: cutTimeline(kept.timeline, depth) },
    clearMedia: kept.clearMedia === undefined ? NOT_ASKED : { value: kept.clearMedia },
  };
}

/** A homeserver of several processes may tell by sync what another of them does not know yet. */
const isAsNew = ({ envelopes }: Timeline, latest: EventId | undefined): boolean =>
  latest === undefined || envelopes.some(({ eventId }) => eventId === latest);

/** Sync tells of nothing in rooms that the account is not in. */
const isTold = ({ store, isCurrent }: RoomSources, roomId: RoomId): boolean =>
  isCurrent && store.rooms.get(roomId)?.membership === "join";
