import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";

// No daemon is asked for: what is looked at is what the files say. That the tarball runs is shown by test/consumer.

const ROOT = join(import.meta.dirname, "..");
const lines = (file: string): string[] =>
  readFileSync(join(ROOT, file), "utf8")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
const dockerfile = lines("Dockerfile");
const valuesOf = (instruction: string): string[] =>
  dockerfile
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1));

describe("the image", () => {
  it("is Node's own with Debian's ffmpeg, and runs the service on /data as nobody in particular", () => {
    expect(valuesOf("FROM").map((from) => from.split(" ")[0])).toEqual(["node:24-slim", "node:24-slim"]);
    expect(valuesOf("RUN").at(-1)).toMatch(/apt-get install .*\bffmpeg\b.*--mode=1777 \/data$/);
    expect([valuesOf("VOLUME"), valuesOf("WORKDIR").at(-1)]).toEqual([["/data"], "/data"]);
    expect(valuesOf("USER")).toEqual(["1000:1000"]);
    expect([valuesOf("ENTRYPOINT"), valuesOf("CMD")]).toEqual([['["sotto"]'], ['["run"]']]);
  });

  it("knows by itself whether the service lives", async () => {
    let status = 200;
    const server = createServer((request, response) =>
      response.writeHead(request.url === "/live" ? status : 404).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const [port] = /127\.0\.0\.1:(\d+)/.exec(valuesOf("ENV")[0]!)!.slice(1);
    const [node, ...args] = JSON.parse(/CMD (\[.*\])/.exec(valuesOf("HEALTHCHECK")[0]!)![1]!) as string[];
    expect(node).toBe("node");
    const script = args.at(-1)!;
    expect(script).toContain(`127.0.0.1:${port}/live`);
    const asked = script.replace(`:${port}`, `:${(server.address() as AddressInfo).port}`);
    const look = () => promisify(execFile)(process.execPath, [...args.slice(0, -1), asked]);
    await look();
    status = 500;
    await expect(look()).rejects.toMatchObject({ code: 1 });
    server.close();
    server.closeAllConnections();
    await expect(look()).rejects.toMatchObject({ code: 1 });
  });

  it("is built from what is packed, and from nothing that lies about in a checkout", () => {
    const [everything, ...rest] = lines(".dockerignore");
    expect(everything).toBe("*");
    const letIn = rest.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };
    expect(files).toEqual(["dist", "src/connector/*/README.md"]); // the first is made inside
    expect(readdirSync(ROOT)).toEqual(expect.arrayContaining(letIn));
    expect(letIn).toEqual(
      expect.arrayContaining(["package.json", "package-lock.json", "src", "packages", "scripts"]),
    );
    for (const secret of ["data", "sotto.yaml", "node_modules", "test", ".git"])
      expect(letIn).not.toContain(secret);
  });
});
