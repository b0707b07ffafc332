import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RULES } from "../src/audit/index.ts";
import { AREAS, type Area, type RuleText } from "../src/model/finding.ts";

// Writes docs/rules.md from what the rules say of themselves. With --check it writes nothing, and fails if the page is
// not what it would write.

const FILE = join(import.meta.dirname, "../docs/rules.md");

const HEADER = `# The rules of the audit

Made by \`scripts/rules-page.ts\` from the rules in \`src/audit/rules\`: do not edit. An ID is never given twice. The severity
is the rule's usual one; a finding may say another. In the requests, \`$HS\` is the homeserver's URL, \`$TOKEN\` an access
token (that of an administrator for \`/_synapse/admin\`), \`$ROOM\` a room ID and \`$USER\` a user ID.

critical: content can be read by those who should not. high: it can become so without anyone noticing, or a core of the
policy is broken. medium: it weakens. low: metadata and hygiene. info: to know.`;

const AREA_NAMES: Record<Area, string> = {
  ENC: "Encryption",
  ACC: "Access",
  DEV: "People and devices",
  META: "Metadata",
  SRV: "The homeserver",
  OWN: "Sotto itself",
};

const areaOf = ({ id }: RuleText): string => id.split("-")[1]!;

/** A request is code; elsewhere nothing may turn into emphasis or HTML. */
function prose(text: string): string {
  return text
    .split(/(`[^`]*`|curl (?:-\w \S*"(?:[^"\\]|\\.)*" )*"[^"]*"[^\s:;,)]*)/)
    .map((part, at) => (at % 2 === 1 ? `\`${part.replaceAll("`", "")}\`` : escaped(part)))
    .join("");
}
const escaped = (text: string): string => text.replace(/[*<|[\]\\]|(?<!\w)_/g, "\\$&");

const section = ({ id, title, severity, rationale, how, cure, references, since }: RuleText): string =>
  [
    `### ${id}: ${escaped(title)}`,
    `${severity}, since ${since}. ${prose(rationale)}`,
    `- **By hand**: ${prose(how)}`,
    `- **Cure**: ${prose(cure)}`,
    `- **See**: ${references.map((url) => `<${url}>`).join(", ")}`,
  ]
    .join("\n\n")
    .replace(/\n\n- (?=\*\*[CS])/g, "\n- ");

/** The page, as it should lie in the file. */
export function rulesPage(rules: readonly RuleText[] = RULES): string {
  const areas = AREAS.map((area) => ({ area, rules: rules.filter((rule) => areaOf(rule) === area) }))
    .filter(({ rules: ofArea }) => ofArea.length > 0)
    .map(({ area, rules: ofArea }) => {
      const rows = ofArea.map(({ id, severity, title }) => `| ${id} | ${severity} | ${escaped(title)} |`);
      const table = ["| ID | severity | what passes |", "| --- | --- | --- |", ...rows].join("\n");
      return [`## ${AREA_NAMES[area]}`, table, ...ofArea.map(section)].join("\n\n");
    });
  return `${[HEADER, ...areas].join("\n\n")}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const page = rulesPage();
  if (!process.argv.includes("--check")) await writeFile(FILE, page);
  else if ((await readFile(FILE, "utf8").catch(() => "")) !== page) {
    console.error("docs/rules.md is not what the rules say: run `node scripts/rules-page.ts`");
    process.exitCode = 1;
  }
}
