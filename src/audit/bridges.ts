import type { UserId } from "../model/ids.ts";
import type { RoomState } from "../model/room-facts.ts";

/** A bridge that is, or looks as if it was, in a room. */
export interface FoundBridge {
  protocol: string;
  /** The state keys under which the room names it; empty: only members look like it. */
  stateKeys: string[];
  /** Its bot, and members who look like its bot or ghosts. */
  users: UserId[];
}

/** Who else can read what a bridge carries over, besides whoever runs the bridge. */
export const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ["bluesky", "Bluesky reads it"],
  ["discord", "Discord reads it"],
  ["email", "every mail server on the way may read it"],
  ["facebook", "Meta may read it"],
  ["gitter", "the bridge alone reads it"],
  ["gmessages", "the phone network may read it"],
  ["googlechat", "Google reads it"],
  ["groupme", "GroupMe reads it"],
  ["gvoice", "Google reads it"],
  ["imessage", "the computer that runs iMessage reads it"],
  ["instagram", "Meta may read it"],
  ["irc", "every IRC server and every channel member reads it"],
  ["line", "the bridge alone reads it"],
  ["linkedin", "LinkedIn reads it"],
  ["mattermost", "the Mattermost server reads it"],
  ["meta", "Meta may read it"],
  ["msteams", "Microsoft reads it"],
  ["rocketchat", "the Rocket.Chat server reads it"],
  ["signal", "the bridge alone reads it, and encrypts it anew for Signal"],
  ["skype", "Microsoft reads it"],
  ["slack", "Slack and its workspace's owners read it"],
  ["sms", "every phone network on the way reads it"],
  ["telegram", "Telegram reads it, bots and groups have no end-to-end encryption there"],
  ["twitter", "X reads it"],
  ["wechat", "WeChat reads it"],
  ["whatsapp", "the bridge alone reads it, and encrypts it anew for WhatsApp"],
  ["whatsapp-cloud", "Meta's Cloud API, and whoever hosts it, reads it"],
  ["xmpp", "every XMPP server on the way may read it"],
  ["zulip", "the Zulip server reads it"],
]);

/** Names that bridges of the field use unless told otherwise: ghosts such as `@telegram_123:…`, bots such as `@telegrambot:…`. */
const NAMES: readonly [pattern: RegExp, protocol: string][] = [
  [/^@_?whatsapp[_-]?cloud(?:_.+|bot)?:/, "whatsapp-cloud"],
  [/^@_?telegram_\d+:|^@telegrambot:/, "telegram"],
  [/^@_?whatsapp_(?:lid-)?\d+:|^@whatsappbot:/, "whatsapp"],
  [/^@_?signal_[0-9a-f-]{30,}:|^@signalbot:/, "signal"],
  [/^@_?discord_(?:\d+|bot)(?:[_-].*)?:|^@discordbot:/, "discord"],
  [/^@_?slack_[a-z0-9._=-]+:|^@slackbot:/, "slack"],
  [/^@_?irc_.+:|^@(?:_?irc-bridge|appservice-irc|heisenbridge|ircbot):/, "irc"],
  [/^@_?sms_\+?\d+:|^@smsbot:/, "sms"],
  [/^@gmessages_.+:|^@gmessagesbot:/, "gmessages"],
  [/^@(?:facebook|meta)_\d+:|^@(?:facebook|meta)bot:/, "meta"],
  [/^@instagram_\d+:|^@instagrambot:/, "instagram"],
  [/^@googlechat_\d+:|^@googlechatbot:/, "googlechat"],
  [/^@twitter_\d+:|^@twitterbot:/, "twitter"],
  [/^@linkedin_.+:|^@linkedinbot:/, "linkedin"],
  [/^@imessage_.+:|^@imessagebot:/, "imessage"],
  [/^@_?(?:bifrost|xmpp)_.+:|^@_?(?:bifrost|xmpp)bot:/, "xmpp"],
  [/^@_?skype_.+:|^@skypebot:/, "skype"],
  [/^@_?mattermost_.+:|^@mattermostbot:/, "mattermost"],
];

/** The protocol of the bridge whose ghost or bot this looks like. */
export const bridgeByName = (userId: UserId): string | undefined =>
  NAMES.find(([pattern]) => pattern.test(userId))?.[1];

/** Each protocol once: what the room says of itself, and what its members look like. */
export function bridgesOf({ bridges, members }: RoomState): FoundBridge[] {
  const found = new Map<string, FoundBridge>();
  const of = (protocol: string): FoundBridge => {
    const known = found.get(protocol) ?? { protocol, stateKeys: [], users: [] };
    found.set(protocol, known);
    return known;
  };
  for (const { protocol, bot, stateKey } of bridges) {
    const bridge = of(protocol);
    if (stateKey !== "" && !bridge.stateKeys.includes(stateKey)) bridge.stateKeys.push(stateKey);
    if (bot !== null && !bridge.users.includes(bot)) bridge.users.push(bot);
  }
  for (const { userId, membership } of members) {
    // whoever knocks is a stranger still
    const protocol = membership === "knock" ? undefined : bridgeByName(userId);
    if (protocol !== undefined && !of(protocol).users.includes(userId)) of(protocol).users.push(userId);
  }
  return [...found.values()];
}
