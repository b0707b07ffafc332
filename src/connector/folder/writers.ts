import { readlinkSync } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { inodeOf } from "./find.ts";

/**
 * The inodes of the files below a folder that some process has open for writing, as far as the system shows it: on Linux,
 * and of processes of this user, or of all for root. Empty elsewhere.
 */
export async function filesBeingWritten(root: string): Promise<ReadonlySet<string>> {
  const written = new Set<string>();
  const below = `${await realpath(root).catch(() => root)}${sep}`;
  for (const process of await entries("/proc")) {
    if (!/^\d+$/.test(process)) continue;
    const fds = join("/proc", process, "fd");
    for (const fd of await entries(fds)) {
      const isBelow = targetOf(join(fds, fd)).startsWith(below);
      if (!isBelow || !(await isForWriting(join("/proc", process, "fdinfo", fd)))) continue;
      const file = await stat(join(fds, fd), { bigint: true }).catch(() => undefined);
      if (file) written.add(inodeOf(file));
    }
  }
  return written;
}

/** Nothing is read from a disk: to hand each of thousands to a thread costs more than to read it. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/**
 * The two lowest bits of the flags, which are octal, are the mode.
 * https://docs.kernel.org/filesystems/proc.html#proc-pid-fdinfo-fd-information-about-opened-file
 */
async function isForWriting(info: string): Promise<boolean> {
  const text = await readFile(info, "utf8").catch(() => "");
  const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(text)?.[1] ?? "0", 8);
  return (flags & 3) !== 0;
}
