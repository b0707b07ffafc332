import { SottoError } from "../../errors.ts";
import { isRoomAlias, isRoomId, serverNameOf, type UserId } from "../../model/ids.ts";

/** Encrypted it must still fit into an event of 64 KiB. */
const LONGEST = 4_000;
const DEFAULT = "Nothing is sent into this room any more. Do not write here.";
const DRILL = "DRILL: this is an exercise, nothing has happened.";

/**
 * What everybody is told.
 *
 * @throws SottoError `USAGE`
 */
export function wordsFor(
  { message, to, isDrill }: { message: string | undefined; to: string | undefined; isDrill: boolean },
  own: UserId,
): string {
  if (message?.trim() === "") throw new SottoError("USAGE", "--message is empty");
  if (message !== undefined && message.length > LONGEST)
    throw new SottoError("USAGE", `--message has ${message.length} characters; at most ${LONGEST} are sent`);
  if (to !== undefined && !isRoomId(to) && !isRoomAlias(to))
    throw new SottoError("USAGE", `--to: ${to} is neither a room ID nor an alias`);
  return [
    ...(isDrill ? [DRILL] : []),
    message ?? DEFAULT,
    ...(to === undefined ? [] : [`Go to ${to}`, linkTo(to, own)]),
  ].join("\n");
}

/** Clients open it by themselves. https://spec.matrix.org/v1.19/appendices/#matrixto-navigation */
const linkTo = (room: string, own: UserId): string =>
  `https://matrix.to/#/${encodeURIComponent(room)}${isRoomAlias(room) ? "" : `?via=${serverNameOf(own)}`}`;

/**
 * As a text and not as a notice, which clients' default push rules keep silent, and with the whole room mentioned.
 * https://spec.matrix.org/v1.19/client-server-api/#default-override-rules
 */
export const noticeOf = (body: string): object => ({
  ...{ msgtype: "m.text", body, "m.mentions": { room: true } },
});
