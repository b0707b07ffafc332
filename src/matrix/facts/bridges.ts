import type { RoomEvent } from "../../model/event.ts";
import { isUserId, type UserId } from "../../model/ids.ts";
import type { Bridge } from "../../model/room-facts.ts";
import { isObject, isString } from "../json.ts";
import { nameOf } from "./event.ts";

/** https://github.com/matrix-org/matrix-spec-proposals/pull/2346 */
const BRIDGE_TYPES = new Set(["m.bridge", "uk.half-shot.bridge"]);

/** How bridges call their bots and the users they make: `telegrambot`, `@_discord_1234:…`, `@signal_0aa1…:…`. */
const PROTOCOLS = [
  ...["bluesky", "discord", "email", "facebook", "gmessages", "googlechat", "hangouts", "imessage"],
  ...["instagram", "irc", "line", "linkedin", "mattermost", "messenger", "meta", "oftc", "signal"],
  ...[
    "skype",
    "slack",
    "sms",
    "teams",
    "telegram",
    "twitter",
    "viber",
    "wechat",
    "whatsapp",
    "xmpp",
    "zulip",
  ],
];
const BOT_OR_GHOST = new RegExp(`^@_?(${PROTOCOLS.join("|")})(?:_?bot:|_(?=[^:]*\\d))`);

/** Bridges that the room's state names, and those whose bots or users are its members. */
export function parseBridges(events: readonly RoomEvent[], members: readonly UserId[]): Bridge[] {
  const named = events.filter(({ type }) => BRIDGE_TYPES.has(type)).flatMap(bridgeOf);
  const protocols = new Set(named.map(({ protocol }) => protocol));
  for (const userId of members) {
    const protocol = BOT_OR_GHOST.exec(userId)?.[1];
    if (protocol === undefined || protocols.has(protocol)) continue;
    protocols.add(protocol);
    named.push({ stateKey: "", protocol, bot: userId });
  }
  return named;
}

/** One that was taken away has an empty content; what else names no protocol is a bridge all the same. */
function bridgeOf({ state_key: stateKey = "", content }: RoomEvent): Bridge[] {
  if (Object.keys(content).length === 0) return [];
  const { protocol, bridgebot } = content;
  const id = isObject(protocol) && isString(protocol.id) ? protocol.id.toLowerCase() : "unknown";
  const bot = isString(bridgebot) && isUserId(bridgebot) ? bridgebot : null;
  return [{ stateKey: nameOf(stateKey), protocol: nameOf(id), bot }];
}
