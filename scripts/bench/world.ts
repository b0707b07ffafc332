import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type Session, type Synapse, startSynapse } from "../../synapse-dev/synapse.ts";
import { SPOKEN } from "../../test/audio/speech.ts";
import { addFakeUser } from "./fake-devices.ts";

const run = promisify(execFile);

/** An account that `sotto init` made ready, and rooms to send to. */
export interface Sender {
  config: string;
  dataDirectory: string;
  /** A further session of the same account, for the raw requests that Sotto is compared with. */
  raw: Session;
}

export interface World {
  synapse: Synapse;
  synapseVersion: string;
  folder: string;
  /** 10 seconds of speech, Ogg/Opus as Sotto makes it: noise takes twice as long to decode. */
  recording: string;
  newSender(cli: string): Promise<Sender>;
  /** An encrypted room with so many devices besides the sender's. */
  newRoom(sender: Sender, devices: number): Promise<string>;
}

const DEVICES_PER_USER = 11;

export async function openWorld(folder: string): Promise<World> {
  const synapse = await startSynapse({ liftRateLimits: true });
  const recording = path.join(folder, "recording.ogg");
  await run("ffmpeg", [
    ...[
      "-nostdin",
      "-v",
      "error",
      "-i",
      SPOKEN,
      "-c:a",
      "libopus",
      "-ac",
      "1",
      "-ar",
      "48000",
      "-b:a",
      "32k",
    ],
    ...["-application", "voip", "-y", recording],
  ]);
  const { server_version } = await synapse.request<{ server_version: string }>(
    "GET",
    "/_synapse/admin/v1/server_version",
  );
  const listeners: Session[] = [];

  return {
    synapse,
    synapseVersion: server_version.split(" ")[0]!,
    folder,
    recording,
    async newSender(cli) {
      const name = `bot${randomBytes(4).toString("hex")}`;
      const home = path.join(folder, name);
      mkdirSync(home);
      const password = randomBytes(12).toString("hex");
      const { userId } = await synapse.registerUser(name, password);
      const at = (file: string): string => path.join(home, file);
      writeFileSync(at("password"), password, { mode: 0o600 });
      const config = at("sotto.yaml");
      await run(process.execPath, [
        ...[cli, "init", "--yes", "--homeserver", synapse.baseUrl, "--user", userId, "--config", config],
        ...[
          "--password-file",
          at("password"),
          "--data-dir",
          at("data"),
          "--recovery-key-out",
          at("recovery"),
        ],
      ]);
      return { config, dataDirectory: at("data"), raw: await synapse.login(userId, password) };
    },
    async newRoom({ raw }, devices) {
      const users = Math.ceil(devices / DEVICES_PER_USER);
      while (listeners.length < users) {
        const name = `listener${listeners.length}`;
        listeners.push(await addFakeUser(synapse, name, listeners.length === 0 ? 1 : DEVICES_PER_USER));
      }
      const members = devices === 1 ? listeners.slice(0, 1) : listeners.slice(0, users);
      const { room_id: roomId } = await synapse.request<{ room_id: string }>(
        "POST",
        "/_matrix/client/v3/createRoom",
        raw.accessToken,
        { preset: "private_chat", invite: members.map(({ userId }) => userId), initial_state: [encryption] },
      );
      const join = `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`;
      for (const { accessToken } of members) await synapse.request("POST", join, accessToken, {});
      return roomId;
    },
  };
}

export const encryption = {
  type: "m.room.encryption",
  state_key: "",
  content: { algorithm: "m.megolm.v1.aes-sha2" },
};
