import { readdir, readFile, stat } from "node:fs/promises";
import { inodeOf } from "./find.ts";

/**
 * The inodes of the files that some process has open for writing, as far as the system shows it: on Linux, and of
 * processes of this user, or of all for root. Empty elsewhere.
 */
export async function filesBeingWritten(): Promise<ReadonlySet<string>> {
  const written = new Set<string>();
  for (const process of await entries("/proc")) {
    if (!/^\d+$/.test(process)) continue;
    for (const fd of await entries(`/proc/${process}/fd`)) {
      if (!(await isForWriting(`/proc/${process}/fdinfo/${fd}`))) continue;
      const file = await stat(`/proc/${process}/fd/${fd}`, { bigint: true }).catch(() => undefined);
      if (file?.isFile()) written.add(inodeOf(file));
    }
  }
  return written;
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
