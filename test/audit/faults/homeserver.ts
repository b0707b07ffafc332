import type { Context } from "../../../src/audit/index.ts";
import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { Facts } from "../../../src/model/facts.ts";
import type { HomeserverConfig, HomeserverFacts, OutsideFacts } from "../../../src/model/homeserver-facts.ts";
import type { HomeserverPolicy } from "../../../src/model/policy.ts";
import { homeserver, known } from "../../support/facts.ts";
import { config } from "../rules/server.ts";
import type { Fault } from "./fault.ts";

const server = (change: Partial<HomeserverFacts>): Partial<Facts> => ({ homeserver: homeserver(change) });
const inConfig = (change: Partial<HomeserverConfig>) => server(config(change));
const outside = (change: Partial<OutsideFacts>) =>
  server({ outside: { ...homeserver().outside, ...change } });
const asking = (change: Partial<HomeserverPolicy>): Partial<Context> => ({
  policy: { ...DEFAULT_POLICY, homeserver: { ...DEFAULT_POLICY.homeserver, ...change } },
});
const logging = (rootLevel: string) =>
  server({ logging: known({ rootLevel, loggers: {}, formats: [], handlerLevel: "NOTSET" }) });
const listener = (bindAddresses: string[], ...resources: string[]) =>
  inConfig({ listeners: [{ port: 9000, bindAddresses, resources, isTls: false }] });
const turn = { ttlSec: 3_600, uris: ["turn:turn.example.org"], isTimeLimited: true };
const LOCAL = { ...DEFAULT_POLICY, rooms: { ...DEFAULT_POLICY.rooms, federated: false } };
const localRoom = { rooms: [] };

export const HOMESERVER_FAULTS: Fault[] = [
  {
    name: "new rooms without encryption",
    change: inConfig({ encryptionByDefault: "off" }),
    rules: ["SRV-001"],
  },
  {
    name: "registration that asks nothing",
    change: outside({ registrationFlows: known([["m.login.dummy"]]) }),
    rules: ["SRV-002"],
  },
  { name: "guest accounts", change: inConfig({ areGuestsAllowed: true }), rules: ["SRV-003"] },
  {
    name: "messages kept for ever",
    change: inConfig({
      retention: { isEnabled: false, maxLifetimeMs: null },
      mediaRetention: { localLifetimeMs: 1, remoteLifetimeMs: 1 },
    }),
    rules: ["SRV-004", "SRV-006"],
  },
  {
    name: "recordings kept for ever",
    change: inConfig({ mediaRetention: { localLifetimeMs: null, remoteLifetimeMs: null } }),
    rules: ["SRV-005"],
  },
  {
    name: "recordings that go before their messages",
    change: inConfig({ mediaRetention: { localLifetimeMs: 86_400_000, remoteLifetimeMs: null } }),
    rules: ["SRV-006"],
  },
  { name: "a log at DEBUG", change: logging("DEBUG"), rules: ["SRV-007", "SRV-008"] },
  { name: "a log at INFO", change: logging("INFO"), rules: ["SRV-008"] },
  {
    name: "TURN credentials for a month",
    change: server({ turn: known({ ...turn, ttlSec: 2_592_000 }) }),
    rules: ["SRV-009"],
  },
  {
    name: "one TURN password",
    change: server({ turn: known({ ...turn, isTimeLimited: false }) }),
    rules: ["SRV-010"],
  },
  {
    name: "TURN for guests",
    change: inConfig({
      areGuestsAllowed: true,
      turn: { hasSharedSecret: true, hasStaticPassword: false, userLifetimeMs: 1, areGuestsAllowed: true },
    }),
    rules: ["SRV-003", "SRV-011"],
  },
  {
    name: "the default limit of messages",
    change: server({ messageRateLimit: known(null) }),
    rules: ["SRV-012"],
  },
  {
    name: "federation where rooms are local",
    change: { ...inConfig({ federationDomains: null }), ...localRoom },
    rules: ["SRV-013"],
    more: { policy: LOCAL },
    clean: { ...inConfig({ federationDomains: [] }), ...localRoom },
  },
  { name: "statistics for others", change: inConfig({ isStatsReported: true }), rules: ["SRV-014"] },
  { name: "Sentry", change: inConfig({ isSentryOn: true }), rules: ["SRV-015"] },
  { name: "tracing", change: inConfig({ isTracingOn: true }), rules: ["SRV-015"] },
  { name: "the admin API for all", change: outside({ isAdminApiExposed: known(true) }), rules: ["SRV-016"] },
  {
    name: "an old version",
    change: server({ software: known({ name: "Synapse", version: "1.150.0" }) }),
    rules: ["SRV-017"],
  },
  {
    name: "devices that are deleted",
    change: inConfig({ deleteStaleDevicesAfterMs: 1 }),
    rules: ["SRV-018"],
  },
  { name: "media for all", change: inConfig({ isMediaAuthenticated: false }), rules: ["SRV-019"] },
  {
    name: "a list of rooms for all",
    change: outside({ isDirectoryPublic: known(true) }),
    rules: ["SRV-020"],
  },
  {
    name: "a list of rooms for homeservers",
    change: inConfig({ isPublicRoomListFederated: true }),
    rules: ["SRV-021"],
  },
  { name: "profiles for all", change: outside({ areProfilesPublic: known(true) }), rules: ["SRV-022"] },
  { name: "push with content", change: inConfig({ pushHasContent: true }), rules: ["SRV-023"] },
  { name: "mail with content", change: inConfig({ emailHasContent: true }), rules: ["SRV-024"] },
  {
    name: "presence where the policy wants none",
    change: inConfig({ presence: "untracked" }),
    rules: ["SRV-025"],
    more: asking({ presence: false }),
  },
  { name: "previews of links", change: inConfig({ isUrlPreviewOn: true }), rules: ["SRV-026"] },
  { name: "no TLS", change: server({ publicUrl: known("http://matrix.example.org") }), rules: ["SRV-027"] },
  { name: "a directory of everybody", change: inConfig({ isEveryoneSearchable: true }), rules: ["SRV-028"] },
  {
    name: "device names for others",
    change: inConfig({ areDeviceNamesFederated: true }),
    rules: ["SRV-029"],
  },
  { name: "addresses for ever", change: inConfig({ userIpsMaxAgeMs: null }), rules: ["SRV-030"] },
  { name: "redacted events for ever", change: inConfig({ redactionRetentionMs: null }), rules: ["SRV-031"] },
  { name: "a port for clients without TLS", change: listener(["::"], "client"), rules: ["SRV-032"] },
  { name: "a manhole for all", change: listener(["0.0.0.0"], "manhole"), rules: ["SRV-033"] },
  { name: "a small limit of uploads", change: server({ uploadLimit: known(1_000) }), rules: ["SRV-034"] },
];
