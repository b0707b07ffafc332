import { execFile, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { sandboxLayers } from "../src/audio/index.ts";
import { readUnit } from "./support/unit-file.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const UNIT = join(ROOT, "systemd/sotto.service");
const SAMPLE = join(ROOT, "samples/hello.flac");
const service = readUnit(UNIT).get("Service")!;
const has = (key: string): boolean => service.some(([name]) => name === key);
const valuesOf = (key: string): string[] =>
  service.filter(([name]) => name === key).map(([, value]) => value);

/** Why a command does not work here; undefined where it does. */
function whyNot(program: string, ...args: string[]): string | undefined {
  const { status, error, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split("\n").at(-1));
}

describe("the unit", () => {
  it("runs the service as a user of its own, whose files nobody else reads", () => {
    expect(Object.fromEntries(service)).toMatchObject({
      ExecStart: expect.stringMatching(/^\S+\/sotto run --config \S+\.yaml$/),
      User: "sotto",
      StateDirectory: "sotto",
      StateDirectoryMode: "0700",
      UMask: "0077",
      CapabilityBoundingSet: "",
      NoNewPrivileges: "yes",
      ProtectSystem: "strict",
      ProtectHome: "yes",
      RestrictSUIDSGID: "yes",
      RestartPreventExitStatus: "2",
      MemorySwapMax: "0",
      LimitCORE: "0",
    });
  });

  it("hands secrets over as credentials, never in the environment", () => {
    expect(valuesOf("LoadCredential").map((value) => value.split(":")[0])).toEqual([
      "store-key",
      "access-token",
    ]);
    for (const key of ["Environment", "EnvironmentFile", "PassEnvironment"]) expect(has(key)).toBe(false);
  });

  it("takes nothing away that ffmpeg's sandbox or Node must have", () => {
    for (const key of ["RestrictNamespaces", "MemoryDenyWriteExecute", "PrivateNetwork"])
      expect(has(key)).toBe(false);
    expect(valuesOf("SystemCallFilter")[0]).toBe("@system-service @mount");
    expect(valuesOf("RestrictAddressFamilies")[0]!.split(" ")).toContain("AF_NETLINK"); // bubblewrap's loopback
  });

  const noAnalyze = whyNot("systemd-analyze", "--version");
  if (noAnalyze) console.warn(`skipped: the unit's score takes systemd-analyze: ${noAnalyze}`);
  it.skipIf(noAnalyze)("is exposed 3.0 at most, in systemd's own count", async () => {
    const { stdout } = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", UNIT]);
    const score = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)![1]);
    expect(score).toBeLessThanOrEqual(3);
  });
});

/** What each setting does to the file systems that bubblewrap finds, as systemd.exec(5) has it. */
const MOUNTS: Record<string, string> = {
  ProtectProc: "mount -t proc -o hidepid=invisible proc /proc",
  ProcSubset: "mount -t proc -o subset=pid proc /proc",
  ProtectKernelTunables: "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
  ProtectKernelLogs: "mount --bind /dev/null /proc/kmsg",
  ProtectHostname: "mount --bind -o ro /proc/sys/kernel/hostname /proc/sys/kernel/hostname",
  ProtectControlGroups: "mount --bind /sys/fs/cgroup /sys/fs/cgroup; mount -o remount,bind,ro /sys/fs/cgroup",
  ProtectSystem: "mount -o remount,bind,ro /",
  PrivateDevices: "mount -t tmpfs tmpfs /dev; mknod -m 666 /dev/null c 1 3",
};
const UNPRIVILEGED =
  "setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all";
const SANDBOX =
  "bwrap --unshare-all --die-with-parent --cap-drop ALL --clearenv --ro-bind / / --proc /proc -- /bin/true";

describe("ffmpeg's sandbox", async () => {
  /** Whether bubblewrap works behind these settings, in a mount namespace of the test's own. */
  const behind = (settings: string[]) => {
    const mounts = settings.flatMap((key) => MOUNTS[key] ?? []);
    const users = settings.includes("PrivateUsers") ? "unshare --user --map-current-user" : "";
    const script = ["mount --make-rprivate /", ...mounts, `${UNPRIVILEGED} ${users} ${SANDBOX}`].join("; ");
    return whyNot("unshare", "--mount", "sh", "-c", script);
  };
  const noMounts = behind([]);
  if (noMounts) console.warn(`skipped: what the unit mounts takes root and bubblewrap: ${noMounts}`);
  it.skipIf(noMounts)(
    "works behind all that the unit mounts, and would not behind what it leaves out",
    () => {
      expect(behind(service.map(([key]) => key))).toBeUndefined();
      for (const left of ["ProcSubset", "ProtectKernelTunables", "ProtectKernelLogs", "ProtectHostname"]) {
        expect(has(left)).toBe(false);
        expect(behind([left])).toMatch(/proc/);
      }
    },
  );

  const noService = whyNot("systemd-run", "--wait", "--quiet", "true");
  if (noService)
    console.warn(`skipped: to start ffmpeg as the service would takes a running systemd: ${noService}`);
  const { sandbox } = await sandboxLayers();
  it.skipIf(noService || !sandbox)("makes a clip under the unit's settings", async () => {
    const ours = service.filter(
      ([key]) => !/^(?:Exec|Restart|Load|State|Runtime|User|Group|Type|Working|Timeout)/.test(key),
    );
    const settings = ours.flatMap(([key, value]) => ["-p", `${key}=${value}`]);
    // both may lie in somebody's home, which the service does not see
    const bound = [ROOT, dirname(dirname(process.execPath))].flatMap((path) => [
      "-p",
      `BindReadOnlyPaths=${path}`,
    ]);
    const command = [process.execPath, join(ROOT, "src/cli.ts"), "audio", SAMPLE, "--json"];
    const unit = ["--pipe", "--wait", "--quiet", "-p", "User=nobody", ...settings, ...bound];
    const { stdout } = await run("systemd-run", [...unit, ...command]);
    expect(JSON.parse(stdout)).toMatchObject({ container: "flac", fastPath: false });
  });
});
