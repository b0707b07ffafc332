import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { readHomeserverFiles } from "../../../src/service/audit/homeserver-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sotto-homeserver-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});
function file(text: string): string {
  const path = join(folder, "homeserver.yaml");
  writeFileSync(path, text);
  return path;
}

it("says what is missing and how to give it", () => {
  expect(readHomeserverFiles()).toEqual({
    config: { unread: "no homeserver.yaml was given: name it with --homeserver-config", notAsked: true },
    logging: { unread: "no log config was given: name it with --log-config", notAsked: true },
  });
});

it("knows what Synapse logs without a log config, and asks for the one that is named", () => {
  expect(readHomeserverFiles([file("server_name: a")]).logging).toMatchObject({
    value: { rootLevel: "INFO" },
  });
  expect(readHomeserverFiles([file("server_name: a\nlog_config: /etc/log.yaml")]).logging).toEqual({
    unread: "homeserver.yaml names /etc/log.yaml as its log config: give it with --log-config",
    notAsked: true,
  });
});

it.each([
  ["no YAML", "server_name: [", /homeserver\.yaml: line \d+ is no YAML$/],
  ["no name of a server", "report_stats: true", /homeserver\.yaml: there is no server_name$/],
  ["a list", "- server_name", /there is no server_name$/],
  ["nothing", "", /there is no server_name$/],
  ["an alias that leads nowhere", "server_name: *gone", /homeserver\.yaml: /],
  [
    "aliases without end",
    `a0: &a0 [x, x]\n${bomb()}\nserver_name: a`,
    /homeserver\.yaml: its aliases cannot/,
  ],
  ["a value of the wrong kind", "server_name: a\nretention: 3", /^homeserver\.yaml: retention is no map$/],
])("does not judge %s", (_what, text, reason) => {
  expect(readHomeserverFiles([file(text)]).config).toEqual({ unread: expect.stringMatching(reason) });
});

function bomb(): string {
  return Array.from(
    { length: 12 },
    (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(9)}*a${at}]`,
  ).join("\n");
}

it("does not judge a file that cannot be read", () => {
  const path = join(folder, "gone.yaml");
  expect(readHomeserverFiles([path], path)).toEqual({
    config: { unread: `${path} cannot be read` },
    logging: { unread: `${path} cannot be read` },
  });
});

it("keeps no secret, and repeats none in a reason", () => {
  const secrets = [
    "registration_shared_secret",
    "macaroon_secret_key",
    "form_secret",
    "turn_shared_secret",
    "turn_username",
    "turn_password",
  ].map((key) => `${key}: hush-${key}`);
  const more = [
    "database: {name: psycopg2, args: {password: hush-database}}",
    "email: {smtp_pass: hush-mail, enable_notifs: true}",
    "sentry: {dsn: 'https://hush-sentry@example.org'}",
    "manhole: 9000",
    "manhole_settings: {password: hush-manhole}",
    "redis: {password: hush-redis}",
    "matrix_authentication_service: {secret: hush-mas}",
  ];
  const good = readHomeserverFiles([file(["server_name: a", ...secrets, ...more].join("\n"))]);
  expect(good.config).toMatchObject({ value: { turn: { hasSharedSecret: true, hasStaticPassword: true } } });
  expect(JSON.stringify(good)).not.toContain("hush");
  const bad = [
    "retention: hush",
    "turn_user_lifetime: hush",
    "enable_registration: hush",
    "encryption_enabled_by_default_for_room_type: hush",
    "listeners: [hush]",
    "manhole: hush",
    "rc_message: {per_second: hush}",
    "form_secret: 'hush",
    "form_secret: hush: hush",
  ];
  for (const line of bad) {
    const { config } = readHomeserverFiles([file(`server_name: a\n${line}`)]);
    expect(config, line).toHaveProperty("unread");
    expect(JSON.stringify(config)).not.toContain("hush");
  }
});

it("is not misled by keys that every object has", () => {
  const path = file(
    "server_name: a\n__proto__: {allow_guest_access: true, report_stats: true}\nconstructor: {}",
  );
  expect(readHomeserverFiles([path]).config).toMatchObject({
    value: { areGuestsAllowed: false, isStatsReported: false },
  });
});
