import { access, constants, stat } from "node:fs/promises";
import { type Config, loadConfig } from "../../config/index.ts";
import { SottoError, toSottoError } from "../../errors.ts";
import type { Channel, StepResult } from "../../model/evacuation.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/** Every process has the operations, and few tell anybody. */
const connectors = () => import("../../connector/index.ts");

export type EvacuateSettings = Config["evacuate"];

/** What people are told by the second channels. */
export interface Words {
  roomId: RoomId;
  text: string;
  isDrill: boolean;
  /** The same for the same evacuation. */
  about: string;
}

/** As the config's files say it now: whoever needs it first may just have written it. */
export function settingsNow({ config, logger }: Account): EvacuateSettings {
  try {
    return loadConfig({ files: config.files, environment: process.env }).evacuate;
  } catch (thrown) {
    const { code, message } = toSottoError(thrown);
    logger.warn("the config cannot be read again: what it said before counts", { code, reason: message });
    return config.evacuate;
  }
}

export const channelsIn = ({ command, webhook }: EvacuateSettings): Channel[] => [
  ...(command ? (["command"] as const) : []),
  ...(webhook ? (["webhook"] as const) : []),
];

/** One try. Never rejects. */
export async function tell(
  { stopping }: Account,
  settings: EvacuateSettings,
  channel: Channel,
  words: Words,
): Promise<StepResult> {
  try {
    await (channel === "command" ? run(settings, words, stopping) : post(settings, words, stopping));
    return { step: channel, outcome: "done", message: HAS_IT[channel] };
  } catch (thrown) {
    const { code, message, cure } = toSottoError(thrown);
    return { step: channel, outcome: "failed", message, code, cure };
  }
}

/** Whether it could be told, as far as can be seen without telling anybody. */
export async function look(settings: EvacuateSettings, channel: Channel): Promise<StepResult> {
  try {
    if (channel === "webhook") {
      await (await connectors()).requireWebhookTarget(webhookOf(settings));
      return { step: channel, outcome: "planned", message: "the text is posted to the webhook" };
    }
    const [program = ""] = settings.command!;
    await executable(program).catch((cause) => {
      throw new SottoError("CONNECTOR_FAILED", `${program} cannot be run`, {
        cause,
        cure: "check the path in evacuate.command, and that Sotto's user may execute it",
      });
    });
    return { step: channel, outcome: "planned", message: `${program} gets the text` };
  } catch (thrown) {
    const { code, message, cure } = toSottoError(thrown);
    return { step: channel, outcome: "blocked", message, code, cure };
  }
}

const HAS_IT: Record<Channel, string> = {
  command: "the program has the text",
  webhook: "the receiver has the text",
};

/** A folder may be "executed" too. */
async function executable(path: string): Promise<void> {
  if (!(await stat(path)).isFile()) throw new Error("it is no file");
  await access(path, constants.X_OK);
}

export const noChannel: StepResult = {
  ...{ step: "second-channel", outcome: "left-out" },
  message: "the config names none: whoever does not look into the room is not told",
  cure: "name a program or a webhook under `evacuate` in the config",
};

const webhookOf = ({ webhook, timeout }: EvacuateSettings) => ({ ...webhook!, timeoutMs: timeout });

/** Who is to be told depends on the room. */
const run = async (
  { command, timeout }: EvacuateSettings,
  { roomId, text, isDrill }: Words,
  signal: AbortSignal,
): Promise<void> => {
  const env = { SOTTO_ROOM_ID: roomId, SOTTO_IS_DRILL: String(isDrill) };
  return (await connectors()).tellByCommand({ command: command!, timeoutMs: timeout, env }, text, signal);
};

const post = async (
  settings: EvacuateSettings,
  { roomId, text, isDrill, about }: Words,
  signal: AbortSignal,
): Promise<void> =>
  (await connectors()).tellByWebhook(
    webhookOf(settings),
    { about, type: "room.evacuated", data: { roomId, text, isDrill } },
    signal,
  );
