import { ALICE, known, NOW_MS } from "../../support/facts.ts";
import { DAY_MS, envelope, inEncryption, inRoom, inState, past, saying, setting } from "../rules/changed.ts";
import type { Fault } from "./fault.ts";

const said = (change: Parameters<typeof envelope>[0]) => saying(envelope(change));
const inSession = (sessionId: string, agoMs: number) =>
  envelope({ eventId: `$${agoMs}`, sessionId, sentMs: NOW_MS - agoMs });

export const ENCRYPTION_FAULTS: Fault[] = [
  { name: "no encryption", change: inState({ encryption: null }), rules: ["ENC-001"] },
  { name: "an unknown algorithm", change: inEncryption({ algorithm: "m.rot13" }), rules: ["ENC-002"] },
  {
    name: "a rotation period of a month",
    change: inEncryption({ rotationPeriodMs: 30 * DAY_MS }),
    rules: ["ENC-003"],
  },
  {
    name: "a thousand messages for each key",
    change: inEncryption({ rotationPeriodMsgs: 1_000 }),
    rules: ["ENC-004"],
  },
  {
    name: "a rotation period of a minute",
    change: inEncryption({ rotationPeriodMs: 60_000 }),
    rules: ["ENC-005"],
  },
  {
    name: "more messages for each key than clients go along with",
    change: inEncryption({ rotationPeriodMsgs: 20_000 }),
    rules: ["ENC-004", "ENC-005"],
  },
  {
    name: "a rotation period in words",
    change: inEncryption({ rotationPeriodMs: "7d" }),
    rules: ["ENC-006"],
  },
  {
    name: "a session used for nine days",
    change: saying(inSession("a", 0), inSession("a", 9 * DAY_MS)),
    rules: ["ENC-007"],
  },
  {
    name: "a session used for 101 messages",
    change: saying(...Array.from({ length: 101 }, (_, at) => inSession("a", at * 1_000))),
    rules: ["ENC-008"],
  },
  {
    name: "a session for each message",
    change: saying(...Array.from({ length: 12 }, (_, at) => inSession(`${at}`, at * 1_000))),
    rules: ["ENC-009"],
  },
  {
    name: "m.room.encryption sent a second time, tighter",
    change: saying(setting({ content: { algorithm: "m.megolm.v1.aes-sha2", rotation_period_ms: DAY_MS } })),
    rules: ["ENC-010"],
  },
  {
    name: "a message in clear",
    change: said({ type: "m.room.message", msgtype: "m.text" }),
    rules: ["ENC-011"],
  },
  { name: "a poll in clear", change: said({ type: "m.poll.start" }), rules: ["ENC-011"] },
  {
    name: "a voice message in clear",
    change: said({ type: "m.room.message", msgtype: "m.audio", media: "clear" }),
    rules: ["ENC-012"],
  },
  { name: "a sticker in clear", change: said({ type: "m.sticker" }), rules: ["ENC-013"] },
  { name: "a call in clear", change: said({ type: "m.call.invite" }), rules: ["ENC-014"] },
  {
    name: "clear media beside the encrypted ones",
    change: inRoom({ clearMedia: known(["mxc://example.org/clear"]) }),
    rules: ["ENC-015"],
  },
  {
    name: "messages from before the encryption",
    change: past(true, envelope(), setting(), envelope({ type: "m.room.message", sender: ALICE })),
    rules: ["ENC-016"],
  },
  {
    name: "a bridge to Telegram",
    change: inState({ bridges: [{ stateKey: "t", protocol: "telegram", bot: "@telegrambot:example.org" }] }),
    rules: ["ENC-017"],
  },
];
