import type { Envelope } from "../../model/room-facts.ts";
import { curlTimeline } from "../how.ts";
import { DEFAULT_MESSAGES, DEFAULT_PERIOD_MS } from "../rotation.ts";
import { defineRule } from "../rule.ts";
import { day } from "../say.ts";
import { cutOff, inWhatWasRead, readPast, settingsOf } from "../timeline.ts";

/** What clients make of it. */
const said = ({ content = {} }: Envelope): string =>
  JSON.stringify([
    content.algorithm,
    content.rotation_period_ms ?? DEFAULT_PERIOD_MS,
    content.rotation_period_msgs ?? DEFAULT_MESSAGES,
  ]);
const words = ({ content }: Envelope): string => JSON.stringify(content ?? {}).slice(0, 200);

export const settingChanged = defineRule({
  id: "SOTTO-ENC-010",
  title: "The room's encryption stands as it was first set",
  severity: "medium",
  rationale:
    "Clients keep the first m.room.encryption that they knew and ignore another, tighter ones included: what the state says is then not what they do.",
  how: `${curlTimeline}: every m.room.encryption with state_key ""`,
  cure: "replace the room (`sotto enforce plan`): only a new room's first m.room.encryption holds for everybody",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
    "https://github.com/matrix-org/matrix-rust-sdk/blob/main/crates/matrix-sdk-crypto/src/machine/mod.rs",
  ],
  since: "0.1.0",
  about: "room",
  reads: readPast,
  check([state, timeline]) {
    if (state.encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    const settings = settingsOf(timeline);
    const [now, first] = [settings[0], settings.at(-1)];
    if (now === undefined || first === undefined || settings.every((setting) => said(setting) === said(now)))
      return timeline.isWhole
        ? [{ result: "pass", message: `no change of it ${inWhatWasRead(timeline)}` }]
        : [cutOff(timeline)];
    return [
      {
        result: "warn",
        message: `the state says ${words(now)} since ${day(now.sentMs)}; clients that knew the room before still do ${words(first)}`,
      },
    ];
  },
});
