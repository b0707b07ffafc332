import path from "node:path";
import { pythonEnvironment } from "../../synapse-dev/python.ts";
import { startAsked } from "./asking.ts";

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
  /** `file`: of a voice message, its attachment, decrypted. */
  history: [
    { roomId: string; sender: string; out: string },
    { events: (WitnessEvent & { file?: string })[] },
  ];
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

export async function startWitness({ baseUrl, ...login }: WitnessOptions): Promise<Witness> {
  const program = await pythonEnvironment("witness");
  // Without bytecode files it starts slowly; they shall not lie beside the sources.
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env;
  env.PYTHONPYCACHEPREFIX = path.join(path.dirname(program), "../bytecode");
  const { request, ...asked } = await startAsked<WitnessSession>(
    {
      program,
      args: [path.join(import.meta.dirname, "nio_listener.py")],
      env,
      lineOf: (command, parameters) => ({ ...(parameters as object), command }),
    },
    "login",
    { homeserver: baseUrl, ...login },
  );
  return { ...asked, request: request as Witness["request"] };
}
