import type { Command } from "commander";
import type { Context } from "./shared/context.ts";

interface CommandModule {
  command(context: Context): Command;
}

/** Every command; only the one that is called is loaded. */
export const COMMANDS: Record<string, () => Promise<CommandModule>> = {
  init: () => import("./init.ts"),
  send: () => import("./send.ts"),
  ingest: () => import("./ingest.ts"),
  receive: () => import("./receive.ts"),
  audio: () => import("./audio.ts"),
  run: () => import("./run.ts"),
  verify: () => import("./verify.ts"),
  devices: () => import("./devices.ts"),
  trust: () => import("./trust.ts"),
  why: () => import("./why.ts"),
  route: () => import("./route.ts"),
  queue: () => import("./queue.ts"),
  rotate: () => import("./rotate.ts"),
  evacuate: () => import("./evacuate.ts"),
  enforce: () => import("./enforce.ts"),
  team: () => import("./team.ts"),
  backup: () => import("./backup.ts"),
  store: () => import("./store.ts"),
  token: () => import("./token.ts"),
  logout: () => import("./logout.ts"),
  config: () => import("./config.ts"),
  archive: () => import("./archive.ts"),
  audit: () => import("./audit.ts"),
  doctor: () => import("./doctor.ts"),
  prove: () => import("./prove.ts"),
  identity: () => import("./identity.ts"),
  recovery: () => import("./recovery.ts"),
};
