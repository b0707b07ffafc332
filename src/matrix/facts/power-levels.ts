import type { Creation, PowerLevels } from "../../model/room-facts.ts";
import { isObject, type JsonObject } from "../json.ts";
import { isAnyUserId } from "./event.ts";

/** From this version on a power level that is no integer is none. https://spec.matrix.org/v1.19/rooms/v10/ */
const INTEGERS_SINCE = 10;
/** As homeservers in Python take it, who let more pass than the spec. https://docs.python.org/3/library/functions.html#int */
const INTEGER_TEXT = /^\s*[+-]?\d+(?:_\d+)*\s*$/;

/**
 * What the event says, and the spec's defaults for what it leaves out.
 * https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels
 *
 * @param content undefined where the room has no such event
 */
export function parsePowerLevels(content: JsonObject | undefined, creation: Creation): PowerLevels {
  const takesText = !(Number(creation.version) >= INTEGERS_SINCE);
  const isSet = content !== undefined;
  const level = (value: unknown, otherwise: number): number => levelOf(value, takesText) ?? otherwise;
  const levels = (value: unknown, isName: (name: string) => boolean): Record<string, number> =>
    Object.fromEntries(
      Object.entries(isObject(value) ? value : {}).flatMap(([name, written]) => {
        const read = levelOf(written, takesText);
        return read === undefined || !isName(name) ? [] : [[name, read]];
      }),
    );
  const creatorAlone = creation.privilegedCreators.length > 0 ? {} : { [creation.sender]: 100 };
  return {
    users: isSet ? levels(content.users, isAnyUserId) : creatorAlone,
    usersDefault: level(content?.users_default, 0),
    events: levels(content?.events, (type) => type.length <= 255),
    eventsDefault: level(content?.events_default, 0),
    stateDefault: level(content?.state_default, isSet ? 50 : 0),
    invite: level(content?.invite, 0),
    kick: level(content?.kick, 50),
    ban: level(content?.ban, 50),
    redact: level(content?.redact, 50),
    isSet,
  };
}

/** Digits of other scripts count too. */
function integerIn(text: string): number | undefined {
  const latin = text.normalize("NFKC").replace(/\p{Nd}/gu, latinDigit);
  return INTEGER_TEXT.test(latin) ? Number(latin.replaceAll("_", "")) : undefined;
}

/** Each script has its ten digits in a row. */
function latinDigit(digit: string): string {
  const isDigit = (code: number): boolean => /\p{Nd}/u.test(String.fromCodePoint(code));
  const code = digit.codePointAt(0)!;
  let value = 0;
  while (value < 9 && isDigit(code - value - 1)) value += 1;
  return String(value);
}

/** A number beyond what a double counts exactly stands for the last that it does. */
function levelOf(value: unknown, takesText: boolean): number | undefined {
  const number = takesText && typeof value === "string" ? integerIn(value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) return undefined;
  const whole = Math.trunc(number);
  if (whole !== number && !takesText) return undefined;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, whole)) + 0;
}
