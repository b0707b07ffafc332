import { execFile } from "node:child_process";
import { access, constants, mkdir, rename, symlink } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { pythonEnvironment } from "../synapse-dev/python.ts";

// The ffmpeg that development uses: the system's if it can encode Opus, else the one that PyPI's
// imageio-ffmpeg brings, fetched at first need and linked as .dev/bin/ffmpeg. (It brings no ffprobe.)

export interface Ffmpeg {
  path: string;
  /** As it calls itself, such as "5.1.9-0+deb12u1" or "9.0.2-static". */
  version: string;
}

const run = promisify(execFile);
const fetched = path.join(import.meta.dirname, "../.dev/bin/ffmpeg");

/** The ffmpeg at this path or of this name, if it runs and has libopus. */
async function examine(command: string): Promise<Ffmpeg | undefined> {
  try {
    const { stdout: encoders } = await run(command, ["-hide_banner", "-encoders"]);
    if (!/\blibopus\b/.test(encoders)) return undefined;
    const { stdout: banner } = await run(command, ["-version"]);
    return { path: command, version: /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? "unknown" };
  } catch {
    return undefined; // there is none, or it does not run here
  }
}

/** The `ffmpeg` that a shell would run. */
async function systemFfmpeg(): Promise<Ffmpeg | undefined> {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    const file = path.join(folder, "ffmpeg");
    if (await isExecutable(file)) return await examine(file);
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function fetchFfmpeg(): Promise<Ffmpeg> {
  const python = await pythonEnvironment("ffmpeg");
  const { IMAGEIO_FFMPEG_EXE: _, ...env } = process.env; // it would name another one
  const ask = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
  const { stdout } = await run(python, ["-c", ask], { env });
  await mkdir(path.dirname(fetched), { recursive: true });
  const link = `${fetched}.${process.pid}`;
  await symlink(path.relative(path.dirname(fetched), stdout.trim()), link);
  await rename(link, fetched); // replaces one of an earlier version
  const ffmpeg = await examine(fetched);
  if (!ffmpeg) throw new Error("imageio-ffmpeg's ffmpeg does not run here: install ffmpeg with libopus");
  return ffmpeg;
}

export async function findFfmpeg(): Promise<Ffmpeg> {
  return (await systemFfmpeg()) ?? (await examine(fetched)) ?? (await fetchFfmpeg());
}

/** Finds it and makes it the `ffmpeg` of this process and of those it starts. */
export async function useFfmpeg(): Promise<Ffmpeg> {
  const ffmpeg = await findFfmpeg();
  // The system's is there already; its folder in front would bring the system's node along.
  if (ffmpeg.path === fetched)
    process.env.PATH = [path.dirname(fetched), process.env.PATH].join(path.delimiter);
  return ffmpeg;
}

if (process.argv[1] === import.meta.filename) {
  const { path: file, version } = await findFfmpeg();
  console.log(`${file} (${version})`);
}
