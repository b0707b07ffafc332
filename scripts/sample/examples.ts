import type { Node } from "./keys.ts";

/** A value for each key that has no default, and for lists and maps that are empty by default. */
const EXAMPLES: Record<string, unknown> = {
  homeserver: "https://matrix.example.org",
  "account.userId": "@voice:example.org",
  "account.deviceId": "SOTTO1",
  "account.accessTokenFile": "./data/access-token",
  "account.passwordFile": "./data/password",
  "audio.loudness": -16,
  "audio.highPass": 80,
  caFile: "./ca.pem",
  "evacuate.message": "Nothing is safe here any more. Do not write; wait for a call.",
  "evacuate.command": ["/usr/local/bin/text-everybody"],
  "evacuate.webhook": { url: "https://example.org/alarm", secretFile: "./webhook-secret" },
  listen: "127.0.0.1:9090",
  policy: "./policy.yaml",
  waivers: "./waivers.yaml",
  baseline: "./baseline.json",
  patrol: { every: "6h", stopAt: "high", leave: false, leaveAfter: "1d" },
  operatorsRoom: "!ops",
  rooms: { "!ops": { shareWith: "verified", onExcluded: "refuse", newMembers: "hold" } },
  acceptInvitesFrom: ["@ops:example.org", "*:example.org"],
  commandsFrom: ["@ops:example.org"],
  "trust.verifyFrom": ["@ops:example.org"],
  "routes.0.from": "inbox",
  "routes.0.to": "#team:example.org",
  "routes.0.audio": { loudness: -16, trimSilence: true, highPass: 80 },
};

/** The same for the policy. */
const OF_POLICY: Record<string, unknown> = {
  except: { "!ops": { joinRules: ["invite"], federated: false, maxRetention: "30d" } },
  "rooms.maxRetention": "365d",
  "rooms.servers": ["example.org"],
  "rooms.bridges": ["telegram"],
  "rooms.words": ["lighthouse"],
};

/** The same for the settings of connectors, by type and key. */
const OF_CONNECTORS: Record<string, unknown> = {
  "folder.path": "./inbox",
  "folder.pattern": "*.wav",
  "http.trustProxy": ["unix"],
  "http.tokens.0.name": "doorbell",
  "http.tokens.0.sha256": "0".repeat(64),
  "http.tokens.0.rooms": ["#team:example.org"],
  "http.tokens.0.sources": ["192.0.2.7"],
  "http.tokens.0.perMinute": 10,
  "email.senders": ["@pbx.example.org"],
  "email.recipients": { "team@sotto.local": "#team:example.org" },
  "email.tls": { certFile: "./tls/cert.pem", keyFile: "./tls/key.pem" },
  "asterisk.mailboxes": ["100@default"],
  "archive.path": "./archive",
  "command.run": ["/usr/local/bin/heard", "--from", "sotto"],
  "webhook.url": "https://example.org/voice",
};

/** Keys that need not be there, but one of several must be: the example has this one. */
const GIVEN = ["webhook.url"];

const keyOf = (path: string): string => path.replace(/^connectors\./, "");
export const isGiven = (path: string): boolean => GIVEN.includes(keyOf(path));

export function exampleOf(path: string, node: Node): unknown {
  const found = node.examples?.[0] ?? EXAMPLES[path] ?? OF_POLICY[path] ?? OF_CONNECTORS[keyOf(path)];
  if (found !== undefined) return found;
  const key = path.slice(path.lastIndexOf(".") + 1);
  if (/(?:File|Folder)$/.test(key)) return `./${key}`;
  throw new Error(`${path} has no default: give it an example in scripts/sample/examples.ts`);
}
