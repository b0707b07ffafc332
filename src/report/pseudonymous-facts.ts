import type { Facts } from "../model/facts.ts";
import type { Policy } from "../model/policy.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

/** Words of the protocols and of our own, which name nobody. Any other string gets a pseudonym, a new one, too. */
const KEPT = new Set([
  ...["scope", "version", "type", "algorithm", "historyVisibility", "guestAccess", "rule", "membership"],
  ...[
    "protocol",
    "change",
    "userType",
    "presence",
    "encryptionByDefault",
    "resources",
    "rootLevel",
    "handlerLevel",
  ],
  ...["loggers", "formats", "msgtype", "media", "relation", "code", "because", "shareWith", "acceptFrom"],
  ...["logLevel", "registrationFlows", "software", "history_visibility", "join_rule", "guest_access"],
]);
/** What stands there is a word, whoever wrote it; with blanks or more letters it is somebody's text. */
const WORD = /^[\w.:*/+-]{1,64}$/;
/** What a listener is judged by. */
const OPEN_ADDRESSES = new Set(["127.0.0.1", "::1", "0.0.0.0", "::", "localhost"]);

/** The same facts with pseudonyms in the place of whoever and whatever is named, the server and its addresses too. */
export function pseudonymousFacts(facts: Facts, pseudonyms: Pseudonyms): Facts {
  const servers = [facts.homeserver.serverName, hostOf(facts.homeserver.baseUrl)];
  const mapped = (value: unknown, key: string, isKept: boolean): unknown => {
    if (typeof value === "string") return isKept ? keptWord(value, key) : replaced(value, key);
    if (Array.isArray(value)) return value.map((item) => mapped(item, key, isKept));
    if (typeof value !== "object" || value === null) return value;
    // made anew without a prototype's names: what a homeserver calls `__proto__` stays a name
    const entries = Object.entries(value).map(([name, child]): [string, unknown] => [
      pseudonyms.id(name) ?? name,
      mapped(child, inner(key, name), KEPT.has(inner(key, name)) || (isKept && !isReason(name))),
    ]);
    return Object.fromEntries(entries);
  };
  const keptWord = (value: string, key: string): string =>
    WORD.test(value) && !/^[!@#$]/.test(value) ? value : key === "formats" ? value : replaced(value, key);
  const replaced = (value: string, key: string): string => {
    if (isReason(key)) return pseudonyms.sentence(value, servers);
    if (value.startsWith("mxc://")) return pseudonyms.id(value) ?? pseudonyms.name(key, value);
    if (value === "" || (key === "bindAddresses" && OPEN_ADDRESSES.has(value))) return value;
    if (key === "serverName" || key === "federationDomains" || key === "allow" || key === "deny")
      return pseudonyms.server(value);
    if (key === "baseUrl" || key === "publicUrl" || key === "url")
      return `${schemeOf(value)}//${pseudonyms.server(value)}`;
    if (key === "uris") return `${schemeOf(value)}${pseudonyms.server(value)}`;
    return pseudonyms.id(value) ?? pseudonyms.name(key, value);
  };
  return { ...(mapped(facts, "", false) as Facts), isPseudonymous: true };
}

const isReason = (key: string): boolean => key === "unread";

/** `value` is only a fact's shell: what lies in it is called as the fact is. */
const inner = (key: string, name: string): string => (name === "value" ? key : name);

const schemeOf = (url: string): string => /^[a-z]+:/.exec(url)?.[0] ?? "";
const hostOf = (url: string): string => url.replace(/^[a-z]+:\/\//, "").replace(/[:/].*$/, "");

/** The same policy for the same rooms and servers. */
export const pseudonymousPolicy = (policy: Policy, pseudonyms: Pseudonyms): Policy => ({
  ...policy,
  rooms: { ...policy.rooms, servers: policy.rooms.servers.map((name) => pseudonyms.server(name)) },
  except: Object.fromEntries(
    Object.entries(policy.except).map(([roomId, { servers, ...said }]) => [
      pseudonyms.id(roomId) ?? roomId,
      { ...said, ...(servers && { servers: servers.map((name) => pseudonyms.server(name)) }) },
    ]),
  ),
});
