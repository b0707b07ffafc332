import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readHomeserverFiles } from "../../../src/service/audit/homeserver-files.ts";

const PYTHON = join(import.meta.dirname, "../../../.dev/python/synapse/bin/python");
const ASK = join(import.meta.dirname, "../../support/ask-synapse.py");
const BASE = "server_name: example.org\nreport_stats: false\n";

/** What stands in homeserver.yaml besides the two lines that Synapse asks for. */
const CONFIGS: Record<string, string> = {
  nothing: "",
  "encryption for private rooms": "encryption_enabled_by_default_for_room_type: invite",
  "encryption for all": "encryption_enabled_by_default_for_room_type: 'all'",
  "off without quotes": "encryption_enabled_by_default_for_room_type: off",
  "an encryption that there is not": "encryption_enabled_by_default_for_room_type: some",
  "open registration": "enable_registration: yes\nenable_registration_without_verification: 'on'",
  "open registration, quoted": "enable_registration: 'TRUE'\nenable_registration_without_verification: 1",
  "registration by token": "enable_registration: true\nregistration_requires_token: true",
  "registration by captcha": "enable_registration: true\nenable_registration_captcha: true",
  "registration as it was once said":
    "disable_registration: false\nenable_registration_without_verification: true",
  "registration that is neither": "enable_registration: perhaps",
  guests: "allow_guest_access: true",
  retention: "retention: {enabled: true, default_policy: {min_lifetime: 1d, max_lifetime: 1y}}",
  "retention without a default": "retention: {enabled: true, default_policy: ~}",
  "retention as a list": "retention: [enabled]",
  "a duration as a number": "retention: {default_policy: {max_lifetime: 86400000}}",
  "a duration of weeks": "media_retention: {local_media_lifetime: 4w, remote_media_lifetime: '3000'}",
  "a duration without sense": "media_retention: {local_media_lifetime: 4 fortnights}",
  "a duration that is true": "media_retention: {local_media_lifetime: true}",
  "media retention with nothing in it": "media_retention:",
  "redactions kept for ever": "redaction_retention_period: null",
  "redactions kept a day": "redaction_retention_period: 1d",
  "TURN with a secret": "turn_uris: ['turn:x']\nturn_shared_secret: hush\nturn_user_lifetime: 86400000",
  "TURN with a password": "turn_username: us\nturn_password: hush\nturn_allow_guests: false",
  "no federation": "federation_domain_whitelist: []",
  "federation with two": "federation_domain_whitelist:\n  - a.example\n  - b.example",
  stats: "report_stats: true",
  telemetry: "sentry: {dsn: 'https://hush@sentry.example'}\nopentracing: {enabled: true}",
  "tracing off": "opentracing: {enabled: false}",
  presence: "presence: {enabled: false}",
  "presence untracked": "presence: {enabled: untracked}",
  "presence as it was once said": "use_presence: false",
  "presence in a list": "presence: {include_offline_users_on_sync: true}",
  previews: "url_preview_enabled: true\nurl_preview_ip_range_blacklist: ['127.0.0.0/8']",
  "media for all": "enable_authenticated_media: false",
  "stale devices": "delete_stale_devices_after: 1y",
  "stale devices, said and not set": "delete_stale_devices_after: ''",
  "the room list": "allow_public_rooms_without_auth: true\nallow_public_rooms_over_federation: yes",
  "the room list, local": "restrict_public_rooms_to_local_users: true",
  "profiles guarded": "require_auth_for_profile_requests: true",
  directory: "user_directory: {enabled: true, search_all_users: true}",
  "directory off": "user_directory: {enabled: false, search_all_users: true}",
  "device names": "allow_device_name_lookup_over_federation: true",
  "addresses for ever": "user_ips_max_age: ~",
  "push without content": "push: {include_content: false}",
  "push without content, as it was once said": "email: {redact_content: true, notif_from: 'a@b.example'}",
  "push off": "push: {enabled: no}",
  mail: "public_baseurl: https://example.org\nemail: {enable_notifs: true, notif_from: 'Us <a@b.example>'}",
  limits: "rc_message: {per_second: 5, burst_count: 20.7}",
  "limits in part": "rc_message: {burst_count: 3}",
  "limits as they were once said": "rc_messages_per_second: 1.5\nrc_message_burst_count: 4",
  listeners: `
listeners:
  - {port: 8008, type: http, x_forwarded: true, bind_addresses: ['::1', '127.0.0.1'], resources: [{names: [client, federation]}]}
  - {port: 8448, type: http, bind_address: 192.0.2.1, resources: [{names: [federation], compress: false}, {names: [media]}]}
  - {path: /run/synapse.sock, type: http, resources: [{names: [client]}]}
  - {port: 9000, type: metrics}
  - {port: 9001, type: manhole, bind_addresses: ['127.0.0.1']}
`,
  "a listener of everywhere": "listeners: [{port: 8008, type: http, resources: [{names: [client]}]}]",
  "a listener without a port": "listeners: [{type: http}]",
  "ports as they were once said":
    "bind_port: 8448\nno_tls: false\ntls_certificate_path: x\ntls_private_key_path: x",
  "metrics and manhole beside": "metrics_port: 9101\nmanhole: 9102",
  "the same key twice": "allow_guest_access: true\nallow_guest_access: false",
  "an anchor": "x: &one {enabled: true}\nretention: *one",
  "a merge": "x: &one {enabled: true}\nretention: {<<: *one, default_policy: {max_lifetime: 2d}}",
};

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "sotto-synapse-config-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Each as the paths that Synapse would be given. */
function write(root: string, name: string, ...texts: string[]): string[] {
  return texts.map((text, index) => {
    const path = join(root, `${name.replaceAll(/\W/g, "-")}-${index}.yaml`);
    writeFileSync(path, text);
    return path;
  });
}

const isMissing = !existsSync(PYTHON);
if (isMissing) console.warn("not compared with Synapse's own parser: synapse-dev's Python is not set up");

describe.skipIf(isMissing)("a homeserver.yaml means what Synapse takes it for", () => {
  const askSynapse = (questions: string[][]): { value?: unknown; refused?: string }[] =>
    JSON.parse(
      execFileSync(PYTHON, ["-B", ASK], {
        input: JSON.stringify(questions),
        encoding: "utf8",
        stdio: "pipe",
      }),
    );

  it("in one file", () => {
    const root = folder();
    const names = Object.keys(CONFIGS);
    const questions = names.map((name) => write(root, name, BASE + CONFIGS[name]));
    const answers = askSynapse(questions);
    for (const [index, name] of names.entries()) {
      const { config } = readHomeserverFiles(questions[index]!);
      const expected =
        answers[index]!.refused === undefined ? answers[index] : { unread: expect.any(String) };
      expect(config, `${name}: ${answers[index]!.refused ?? ""}`).toEqual(expected);
    }
    expect(answers.filter(({ refused }) => refused === undefined).length).toBeGreaterThan(40);
  }, 120_000);

  it("in several files, and in a folder of them", () => {
    const root = folder();
    const [first, second] = write(
      root,
      "part",
      `${BASE}retention: {enabled: true, default_policy: {max_lifetime: 1d}}\nallow_guest_access: true`,
      "retention: {default_policy: {max_lifetime: 2d}}",
    ) as [string, string];
    const conf = join(root, "conf.d");
    mkdirSync(join(conf, "deeper.yaml"), { recursive: true });
    writeFileSync(join(conf, "20-last.yaml"), "presence: {enabled: false}");
    writeFileSync(join(conf, "10-base.yaml"), `${BASE}presence: {enabled: untracked}\nmanhole: 9000`);
    writeFileSync(join(conf, "30-empty.yaml"), "# nothing");
    writeFileSync(join(conf, "note.yml"), "presence: {enabled: true}");
    const questions = [[first, second], [second, first], [conf], [conf, second], [second]];
    const answers = askSynapse(questions);
    const ours = questions.map((paths) => readHomeserverFiles(paths).config);
    expect(ours.slice(0, 4)).toEqual(answers.slice(0, 4));
    expect(answers[4]!.refused).toBeDefined();
    expect(ours[4]).toEqual({ unread: expect.stringContaining("server_name") });
  }, 60_000);
});
