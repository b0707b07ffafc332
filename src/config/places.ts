import * as z from "zod/mini";

// What the config says where something is.

export const path = z.string().check(z.minLength(1));
export const secretFile = path.check(
  z.regex(
    /^(?!credential:)|^credential:(?!\.{1,2}$)[^/]+$/,
    "a path, or credential:NAME for what systemd gives the service",
  ),
);

export const roomId = z
  .string()
  .check(z.regex(/^!\S+$/, "a room ID such as !abc; an alias can be moved to another room"));
