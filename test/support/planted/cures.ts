import type { Finding } from "../../../src/model/finding.ts";
import type { Place } from "./fault.ts";

type Step = (place: Place, match: RegExpMatchArray, finding: Finding) => Promise<unknown>;

const JSON_TEXT = /\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/.source;
const listed = (text: string): string[] => text.split(/, | and /).map((item) => item.replaceAll('"', ""));

/** The words of reports that tell a program all that it takes. */
const STEPS: [RegExp, Step][] = [
  [
    /send (\S+) and (\S+) with the content \{\} and the state key ([^,;]+)/,
    async ({ room }, [, one, other, keys]) => {
      for (const key of listed(keys!)) for (const type of [one!, other!]) await room.set(type, {}, key);
    },
  ],
  [
    new RegExp(`^send (m\\.\\S+) (${JSON_TEXT})`),
    ({ room }, [, type, content]) => room.set(type!, JSON.parse(content!) as object),
  ],
  [
    /^in m\.room\.power_levels set (?:events\["([^"]+)"\]|"(\w+)") to (\d+)/,
    ({ room }, [, type, setting, level]) =>
      room.changeLevels((levels) => {
        if (type !== undefined) levels.events[type] = Number(level);
        else levels[setting!] = Number(level);
      }),
  ],
  [
    /^redact (\$.+?), which cannot/,
    async ({ room }, [, eventIds]) => {
      for (const eventId of listed(eventIds!)) await room.redact(eventId);
    },
  ],
  [
    /^kick (@.+?)(?:;|, then)/,
    async ({ room }, [, userIds]) => {
      for (const userId of listed(userIds!)) await room.kick(userId);
    },
  ],
  [
    /^DELETE \/_matrix\/client\/v3\/directory\/room\/ followed by (#.+?), and send m\.room\.canonical_alias/,
    async ({ house, room }, [, aliases]) => {
      for (const alias of listed(aliases!))
        await house.call("DELETE", `directory/room/${encodeURIComponent(alias)}`);
      await room.set("m.room.canonical_alias", {});
    },
  ],
  [
    new RegExp(`(PUT|POST) /_matrix/client/v3/(\\S+) (${JSON_TEXT})(?: for ROOM in (!\\S+))?`),
    ({ house, room, member }, [, method, path, content, ROOM], { subject: { userId } }) => {
      const url = path!.replace(/\$?ROOM\b/, ROOM ?? room.roomId);
      const body = JSON.parse(content!) as object;
      // their own devices they change themselves
      const isTheirs = path!.startsWith("devices/") && userId === member?.userId;
      return isTheirs ? member.call(method!, url, body) : house.call(method!, url, body);
    },
  ],
  [
    new RegExp(`POST /_synapse/admin/(v2/\\S+) (${JSON_TEXT})`),
    ({ house }, [, path, content]) => house.admin("POST", path!, JSON.parse(content!) as object),
  ],
];

/** Does what the report says, to the letter. */
export async function cureAsReported(place: Place, findings: readonly Finding[]): Promise<void> {
  for (const finding of findings) {
    let hasDone = false;
    for (const [words, step] of STEPS) {
      const match = finding.cure?.match(words);
      if (!match) continue;
      await step(place, match, finding);
      hasDone = true;
    }
    if (!hasDone) throw new Error(`of ${finding.ruleId} a person has to read the cure: ${finding.cure}`);
  }
}
