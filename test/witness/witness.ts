import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { pythonEnvironment } from "../../synapse-dev/python.ts";

// The independent witness: nio_listener.py as a child process, one JSON line per command and answer.

export interface WitnessEvent {
  /** The msgtype or event type; "undecryptable" until the key is there, "bad" if nio refuses it. */
  kind: string;
  eventId: string;
  roomId: string;
  sender: string;
  type: string;
  content: Record<string, unknown>;
  originServerTs: number;
  decrypted: boolean;
  /** Sent from a device that nio was told to trust (verify_device). */
  verified: boolean;
  sessionId: string | null;
  senderKey: string | null;
  senderDevice: Device | null;
}

interface Wanted {
  roomId?: string;
  sender?: string;
  eventId?: string;
  timeoutMs?: number;
}

interface Sent {
  eventId: string;
  sessionId: string | null;
}

interface Device {
  deviceId: string;
  ed25519: string;
  curve25519: string;
  trust: string;
}

/** Each command's parameters and what it answers; nio_witness.py says what it does. */
export interface WitnessCommands {
  wait_event: [Wanted & { kind?: string }, WitnessEvent];
  receive_voice: [Wanted & { out: string }, WitnessEvent & { file: string; size: number }];
  wait_invite: [{ roomId?: string; timeoutMs?: number }, { roomId: string }];
  join: [{ roomId: string }, { roomId: string }];
  create_room: [
    { name?: string; invite?: string[]; encrypted?: boolean; roomVersion?: string },
    { roomId: string },
  ];
  invite: [{ roomId: string; userId: string }, object];
  leave: [{ roomId: string }, object];
  raw_event: [{ roomId: string; eventId: string }, { event: Record<string, unknown> }];
  send: [{ roomId: string; content: object; type?: string }, Sent];
  send_text: [{ roomId: string; body: string }, Sent];
  send_voice: [
    {
      roomId: string;
      file: string;
      durationMs: number;
      waveform?: number[];
      mimetype?: string;
      body?: string;
    },
    Sent & { content: Record<string, unknown> },
  ];
  rotate: [{ roomId: string }, object];
  devices: [{ userId: string }, { devices: Device[] }];
  verify_device: [{ userId: string; deviceId: string }, object];
}

export interface WitnessOptions {
  baseUrl: string;
  userId: string;
  /** Where nio keeps its keys; a second start with it takes the session up again. */
  storeDir: string;
  password?: string;
  accessToken?: string;
  deviceId?: string;
}

export interface WitnessSession {
  userId: string;
  deviceId: string;
  accessToken: string;
  ed25519: string;
  curve25519: string;
  restored: boolean;
}

export interface Witness {
  readonly session: WitnessSession;
  request<C extends keyof WitnessCommands>(
    command: C,
    parameters: WitnessCommands[C][0],
  ): Promise<WitnessCommands[C][1]>;
  close(): Promise<void>;
}

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

export async function startWitness(options: WitnessOptions): Promise<Witness> {
  const python = await pythonEnvironment("witness");
  // Without bytecode files it starts slowly; they shall not lie beside the sources.
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env;
  env.PYTHONPYCACHEPREFIX = path.join(path.dirname(python), "../bytecode");
  const child = spawn(python, [path.join(import.meta.dirname, "nio_listener.py")], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ended = once(child, "close").then(() => {
    for (const { reject } of waiting.values()) reject(new Error("the witness has ended"));
    waiting.clear();
  });
  child.stdin.on("error", () => {}); // it ended before it read: `ended` tells
  createInterface(child.stdout).on("line", (line) => {
    const { id, result, error } = JSON.parse(line) as Answer;
    const request = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) request?.resolve(result);
    else request?.reject(new Error(error));
  });

  let lastId = 0;
  async function ask(command: string, parameters: object): Promise<unknown> {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("the witness has ended");
    const request = Promise.withResolvers<unknown>();
    waiting.set(++lastId, request);
    child.stdin.write(`${JSON.stringify({ ...parameters, id: lastId, command })}\n`);
    return await request.promise;
  }

  async function close(): Promise<void> {
    child.stdin.end();
    await ended;
  }

  const { baseUrl, ...login } = options;
  try {
    const session = (await ask("login", { homeserver: baseUrl, ...login })) as WitnessSession;
    return { session, close, request: ask as Witness["request"] };
  } catch (error) {
    await close();
    throw error;
  }
}
