import { setTimeout as delay } from "node:timers/promises";
import { SottoError } from "../../errors.ts";
import type { EventId, MxcUri, RoomId } from "../../model/ids.ts";
import { fragmentsOf, type SentCanary } from "./canary.ts";
import { type Known, knownOf } from "./known.ts";
import { type Found, Looked, type Unread, unreadOf } from "./look.ts";
import type { Canaries } from "./operation.ts";
import { type Closed, PLACE_NAMES, type Place, type PlaceName, type Places, placeOf } from "./places.ts";
import { Needles } from "./search.ts";

export interface PlaceReport {
  place: PlaceName;
  /**
   * `fail`: something of the encrypted canary is there. `pass`: nothing is, and the control was seen, which is the sign
   * that it would have been. `not-checked`: neither.
   */
  result: "pass" | "fail" | "not-checked";
  /** Bytes that were looked at. */
  bytes: number;
  /** What of the encrypted canary was found. */
  found: Found[];
  /** What of the control was found. */
  controlFound: Found[];
  /** What could not be read: then it is no `pass`. */
  unread: Unread[];
  /** Why it is not checked. */
  reason?: string;
  cure?: string;
}

type Sent = Pick<SentCanary, "roomId" | "eventId" | "mxcUri" | "sentMs" | "title">;

export interface ProofReport {
  canary: Sent;
  control: { roomId: RoomId; eventId: EventId; mxcUri: MxcUri };
  places: PlaceReport[];
  /** How much was found of the encrypted canary, in all places. */
  hits: number;
  /** What the homeserver knows of the encrypted canary; absent where its database was not read, or is not Synapse's. */
  known?: Known[];
  /** Why the database, which could be read, does not say it after all. */
  knownUnread?: Unread;
}

/** A log that is written now and then shows the control a little later. */
const PAUSE_MS = 2_000;

/** @throws SottoError `USAGE` where not one place can be read: then nothing need be sent */
export async function openPlaces(places: Places): Promise<(Place | Closed)[]> {
  const opened = await Promise.all(PLACE_NAMES.map((name) => placeOf(name, places)));
  if (opened.some((place) => "look" in place)) return opened;
  const reasons = (opened as Closed[]).map(({ reason }) => reason).join("\n");
  throw new SottoError("USAGE", `no place can be looked through:\n${reasons}`, {
    cure: "run it on the homeserver's machine, with at least one of --database, --media and --logs",
  });
}

export interface LookOptions {
  /** How long to wait for the control to appear. */
  timeoutMs: number;
  signal: AbortSignal;
  onPlace(name: PlaceName): void;
}

/** Looks for both canaries in each place. */
export async function prove(
  { encrypted, control }: Canaries,
  places: readonly (Place | Closed)[],
  named: Places,
  options: LookOptions,
): Promise<ProofReport> {
  const deadline = Date.now() + options.timeoutMs;
  const reports: PlaceReport[] = [];
  const fragments = { encrypted: fragmentsOf(encrypted), control: fragmentsOf(control) };
  // one index for both: the control's are told by their names
  const needles = new Needles([
    ...fragments.encrypted,
    ...fragments.control.map(({ what, bytes }) => ({ what: CONTROL + what, bytes })),
  ]);
  for (const place of places) {
    if ("look" in place) {
      options.onPlace(place.name);
      reports.push(await lookUntilSeen(place, needles, deadline, options.signal));
    } else {
      const { name, reason, cure } = place;
      const nothing = { bytes: 0, found: [], controlFound: [], unread: [] };
      reports.push({ place: name, result: "not-checked", ...nothing, reason, cure });
    }
  }
  const { roomId, eventId, mxcUri, sentMs, title } = encrypted;
  return {
    canary: { roomId, eventId, mxcUri, sentMs, title },
    control: { roomId: control.roomId, eventId: control.eventId, mxcUri: control.mxcUri },
    places: reports,
    hits: reports.flatMap(({ found }) => found).reduce((sum, { count }) => sum + count, 0),
    ...(await whatIsKnown(reports, named, encrypted)),
  };
}

async function whatIsKnown(
  reports: readonly PlaceReport[],
  { database, ...named }: Places,
  canary: SentCanary,
): Promise<Pick<ProofReport, "known" | "knownUnread">> {
  const isRead = reports.some(({ place, bytes }) => place === "database" && bytes > 0);
  if (!isRead || database === undefined) return {};
  try {
    const known = await knownOf({ ...named, database }, canary);
    return known ? { known } : {};
  } catch (thrown) {
    // the canary was sent, and the rest of the report is true
    return { knownUnread: unreadOf(database, thrown) };
  }
}

const CONTROL = "control: ";

/**
 * Until the control is seen; it was sent after all of the encrypted canary, so whoever sees it sees what the homeserver has
 * written before.
 */
async function lookUntilSeen(
  place: Place,
  needles: Needles,
  deadline: number,
  signal: AbortSignal,
): Promise<PlaceReport> {
  for (;;) {
    const looked = new Looked();
    await place.look(needles, looked, signal);
    const report = reportOf(place.name, looked);
    if (report.controlFound.length > 0 || report.found.length > 0 || Date.now() > deadline) return report;
    await delay(PAUSE_MS, undefined, { signal });
  }
}

function reportOf(place: PlaceName, { bytes, unread, found: all }: Looked): PlaceReport {
  const found = all.filter(({ what }) => !what.startsWith(CONTROL));
  const controlFound = all
    .filter(({ what }) => what.startsWith(CONTROL))
    .map((one) => ({ ...one, what: one.what.slice(CONTROL.length) }));
  const about = { place, bytes, found, controlFound, unread };
  if (found.length > 0) return { ...about, result: "fail", cure: FOUND };
  if (unread.length > 0) {
    const reason = `${unread.length} of it could not be read: ${unread[0]!.where}: ${unread[0]!.why}`;
    return { ...about, result: "not-checked", reason, cure: unread[0]!.cure ?? MAY_READ };
  }
  if (controlFound.length > 0) return { ...about, result: "pass" };
  const reason = "not even the message that was sent in clear was found there";
  return { ...about, result: "not-checked", reason, cure: UNSEEN[place] };
}

const MAY_READ = "run this as a user who may read it";

const FOUND =
  "treat the recordings of this room as read: find out which program sends or writes them in clear, and stop it";

const UNSEEN: Record<PlaceName, string> = {
  database: "name the database of the homeserver that the config names",
  media: "name its media_store_path; media that a storage provider keeps elsewhere must be looked for there",
  logs: "name the file that it writes now, with its access log (synapse.access at INFO); or allow more --timeout",
};
