import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";

/** Lowest first. A room may import its own files, lower tiers and the files that every room may use. */
export const TIERS: readonly (readonly string[])[] = [
  ["model"],
  ["store"],
  ["connector", "audio", "media", "crypto", "outbox", "matrix", "audit", "enforce", "report"],
  ["config"],
  ["service"],
  ["commands"],
];
const SHARED = ["dead-socket.ts", "errors.ts", "log.ts", "printable.ts", "serial.ts", "whole-file.ts"];
/** Nothing in the house imports these: they are its doors to the street. */
const OUTER_DOORS = ["src/index.ts", "src/cli.ts"];

/** Sources by their path from the root, with `/` between folders. */
export type House = ReadonlyMap<string, string>;

/** A rule broken: the file, and what in it. */
export type Finding = string;

/** Every TypeScript source below the given folders of a root; a folder that is not there holds none. */
export function readHouse(root: string, folders = ["src", "test", "scripts", "packages"]): House {
  const house = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== "dist") walk(path);
      if (entry.isFile() && /\.[cm]?ts$/.test(entry.name))
        house.set(path, readFileSync(join(root, path), "utf8"));
    }
  };
  const present = readdirSync(root);
  for (const folder of folders) if (present.includes(folder)) walk(folder);
  return house;
}

/** What a source imports: static, dynamic, for types only, re-exported, required. A name that is computed is "?". */
export function importsOf(source: string): string[] {
  const code = withoutCommentLines(source);
  const named = code.matchAll(/(?<!\.)\b(?:from|import|require)\s*\(?\s*(["'`])([^"'`\n]+)\1/g);
  const builtin = code.matchAll(/\bgetBuiltinModule\(\s*(["'`])([^"'`\n]+)\1/g);
  const computed = code.matchAll(/\b(?:import|require|getBuiltinModule)\s*\(\s*(?!["'`\s])/g);
  return [...[...named, ...builtin].map(([, , specifier]) => specifier!), ...[...computed].map(() => "?")];
}

/** Comments may speak of what code may not do. */
export function withoutCommentLines(source: string): string {
  return source.replace(/^[ \t]*(?:\/\/|\/?\*).*$/gm, "");
}

/** The file of this house that an import names; undefined for a package. */
export function targetOf(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return normalize(join(dirname(file), specifier))
    .split(sep)
    .join("/");
}

/** `matrix` for `src/matrix/gate.ts`; the file's name for files that lie in `src` itself. */
export const roomOf = (file: string): string => file.split("/")[1] ?? "";
const tierOf = (room: string): number => TIERS.findIndex((rooms) => rooms.includes(room));

function* sources(house: House, inside: RegExp): Generator<[file: string, source: string]> {
  for (const [file, source] of house) if (inside.test(file)) yield [file, source];
}

/** The program's version stands there, and everyone may read it. */
const MANIFEST = "package.json";

function* localImports(house: House): Generator<[file: string, target: string]> {
  for (const [file, source] of sources(house, /^src\//)) {
    for (const specifier of importsOf(source)) {
      const target = targetOf(file, specifier);
      if (target !== undefined && target !== MANIFEST) yield [file, target];
    }
  }
}

/** Up only: model, store, the rooms beside each other and never into each other, config, service, commands. */
export function tierFindings(house: House): Finding[] {
  const findings: Finding[] = [];
  for (const [file] of sources(house, /^src\/[^/]+\//)) {
    if (tierOf(roomOf(file)) < 0) findings.push(`${file}: "${roomOf(file)}" is not a room of the house`);
  }
  for (const [file, target] of localImports(house)) {
    const [from, to] = [roomOf(file), roomOf(target)];
    const own = from === to || OUTER_DOORS.includes(file);
    const lower = tierOf(to) >= 0 && tierOf(to) < tierOf(from);
    const shared = SHARED.includes(to) && target.split("/").length === 2;
    if (OUTER_DOORS.includes(target) || !target.startsWith("src/") || !(own || lower || shared)) {
      findings.push(`${file} imports ${target}`);
    }
  }
  return findings;
}

/** A room is entered through its door, or through one of the further doors that are named with a reason. */
export function doorFindings(house: House, furtherDoors: Readonly<Record<string, string>>): Finding[] {
  const isDoor = (target: string): boolean =>
    target.split("/").length === 2 ||
    target === `src/${roomOf(target)}/index.ts` ||
    Object.keys(furtherDoors).some((door) =>
      door.endsWith("/") ? target.startsWith(door) : target === door,
    );
  return [...localImports(house)]
    .filter(([file, target]) => roomOf(file) !== roomOf(target) && !isDoor(target))
    .map(([file, target]) => `${file} enters by ${target}`);
}

/** Only the named places of `src` import a module. `http` stands for `node:http` too. */
export function importFindings(house: House, modules: RegExp, allowed: RegExp): Finding[] {
  return [...sources(house, /^src\//)]
    .filter(([file]) => !allowed.test(file))
    .flatMap(([file, source]) =>
      importsOf(source)
        .filter((specifier) => modules.test(specifier.replace(/^node:/, "")))
        .map((specifier) => `${file} imports ${specifier}`),
    );
}

/** Only the named places hold a text that only they may hold. */
export function textFindings(house: House, inside: RegExp, text: RegExp, allowed = /^$/): Finding[] {
  return [...sources(house, inside)]
    .filter(([file, source]) => !allowed.test(file) && text.test(withoutCommentLines(source)))
    .map(([file, source]) => `${file} holds ${text.exec(withoutCommentLines(source))?.[0].trim()}`);
}

/** A package of ours stands alone: its sources and tests import nothing that lies outside it. */
export function packageFindings(house: House): Finding[] {
  const findings: Finding[] = [];
  for (const [file, source] of sources(house, /^packages\//)) {
    const home = file.split("/").slice(0, 2).join("/");
    for (const specifier of importsOf(source)) {
      const target = targetOf(file, specifier);
      const leaves = target !== undefined && !target.startsWith(`${home}/`);
      if (leaves || /^sotto(?:\/|$)/.test(specifier)) findings.push(`${file} imports ${specifier}`);
    }
  }
  return findings;
}

/** Commands that the list does not name, and commands without a test of the same name. */
export function registryFindings(house: House): Finding[] {
  const list = house.get("src/commands/index.ts") ?? "";
  return [...house.keys()].flatMap((file) => {
    const name = /^src\/commands\/([^/]+)\.ts$/.exec(file)?.[1];
    if (name === undefined || name === "index") return [];
    const tests = [`test/commands/${name}.test.ts`, `test/cli/${name}.test.ts`];
    return [
      ...(importsOf(list).includes(`./${name}.ts`) ? [] : [`${file} is not in src/commands/index.ts`]),
      ...(tests.some((test) => house.has(test)) ? [] : [`${file} has no test`]),
    ];
  });
}

/** A connector is a folder of its room, a line in the room's list and a test. */
export function connectorFindings(house: House): Finding[] {
  const list = house.get("src/connector/index.ts") ?? "";
  return [...house.keys()].flatMap((file) => {
    const name = /^src\/connector\/([^/]+)\/index\.ts$/.exec(file)?.[1];
    if (name === undefined || name === "contract") return [];
    return [
      ...(importsOf(list).includes(`./${name}/index.ts`) ? [] : [`${file} is not in src/connector/index.ts`]),
      ...(house.has(`test/connector/${name}.test.ts`) ? [] : [`${file} has no test`]),
    ];
  });
}

/** An audit rule is a file that is named after its ID, a line in the list, and a test that mirrors it. */
export function ruleFindings(house: House): Finding[] {
  const list = house.get("src/audit/rules/index.ts") ?? "";
  return [...house].flatMap(([file, source]) => {
    const name = /^src\/audit\/rules\/([^/]+)\.ts$/.exec(file)?.[1];
    if (name === undefined || name === "index") return [];
    const [, area, number] = /^(enc|acc|dev|meta|srv|own)-(\d{3})-[a-z0-9-]+$/.exec(name) ?? [];
    if (area === undefined) return [`${file} is not named <area>-<nnn>-<name>.ts`];
    const ids = [...source.matchAll(/^\s*id: "([^"]+)"/gm)].map(([, id]) => id);
    return [
      ...(ids.join() === `SOTTO-${area.toUpperCase()}-${number}` ? [] : [`${file} has the ID ${ids.join()}`]),
      ...(importsOf(list).includes(`./${name}.ts`) ? [] : [`${file} is not in src/audit/rules/index.ts`]),
      ...(house.has(`test/audit/rules/${name}.test.ts`) ? [] : [`${file} has no test`]),
    ];
  });
}
