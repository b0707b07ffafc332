import * as z from "zod/mini";
import { described, shortDuration } from "../model/settings.ts";
import { path, secretFile } from "./places.ts";

/** How rooms are watched. */
export const patrolSchema = z.strictObject({
  every: described("How often all is looked at.", z.prefault(shortDuration, "6h")),
  stopAt: described(
    "From which severity on a fail that is about a room, or about somebody in it, stops voice to the room until it is cured.",
    z._default(z.enum(["low", "medium", "high", "critical", "never"]), "high"),
  ),
  leave: described(
    "Leave a room that stays below the policy, once that was announced in it.",
    z._default(z.boolean(), false),
  ),
  leaveAfter: described("How long after the announcement.", z.prefault(shortDuration, "1d")),
  adminTokenFile: described(
    "A Synapse administrator's token: then all is every room of the homeserver.",
    z.optional(secretFile),
  ),
  homeserverConfig: described(
    "homeserver.yaml; several as Synapse reads them.",
    z.optional(z.array(path).check(z.minLength(1))),
  ),
  logConfig: described("The homeserver's logging configuration.", z.optional(path)),
});
