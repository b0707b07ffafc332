import { SottoError } from "../../errors.ts";
import { isRoomId, isUserId } from "../../model/ids.ts";

/** Throws `USAGE` for what is no room ID, an alias among it. */
export function requireRoomId(text: string): void {
  if (isRoomId(text)) return;
  throw new SottoError("USAGE", `${text} is not a room ID`, {
    cure: "give the room's ID, which begins with !; an alias can lead elsewhere tomorrow",
  });
}

/** Throws `USAGE`. */
export function requireUserId(text: string): void {
  if (isUserId(text)) return;
  throw new SottoError("USAGE", `${text} is not a user ID`, {
    cure: "give it whole, e.g. @voice:example.org",
  });
}
