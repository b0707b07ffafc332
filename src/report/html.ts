import type { Report, Shown } from "../model/report.ts";
import { barChart, historyChart } from "./html-charts.ts";
import { htmlPage } from "./html-page.ts";
import { STYLE } from "./html-style.ts";
import { apart, text } from "./html-text.ts";
import { type Group, groupsOf, shownOf, urgentCures } from "./order.ts";
import { acceptedWords, numbered, subjectWords, timeWords } from "./text.ts";

/** One page: no script, nothing loaded, to be read, mailed and printed. */
export function html(report: Report, { all }: { all: boolean }): string {
  const title = `Audit of ${report.homeserver}`;
  const parts = [
    head(report, title),
    changes(report),
    cures(report),
    charts(report),
    findings(groupsOf(shownOf(report, all), report.rules)),
    looked(report),
  ];
  return htmlPage({ title, style: STYLE, body: parts.join("\n") });
}

function head({ summary, counts, by, scope, version, collectedMs }: Report, title: string): string {
  const { results } = summary;
  const numbers = [
    ...[`${results.fail} fail`, `${results.warn} warn`, `${results["not-checked"]} not checked`],
    ...[`${results.error} error`, `${results.pass} pass`, `${results["not-applicable"]} not applicable`],
    `${summary.accepted} accepted`,
  ];
  return `<h1>${apart(title)}</h1>
<p class="quiet">${text(timeWords(collectedMs))}, ${text(numbered(counts.rooms, "room"))}, ${text(numbered(counts.users, "user"))}, ${text(numbered(counts.devices, "device"))}; read as ${apart(by)} (${text(scope)}) by Sotto ${text(version)}</p>
<p><span class="grade ${summary.grade}">${summary.grade}</span>${text(numbers.join(", "))}</p>
${list(summary.caps.map(({ grade, reason }) => `no better than ${grade}: ${text(reason)}`))}`;
}

function changes({ summary }: Report): string {
  if (!summary.changes) return "";
  const { sinceMs, new: added, stillThere, gone } = summary.changes;
  return `<h2>Since ${text(timeWords(sinceMs))}</h2>
<p>${added} new, ${stillThere} still there, ${gone.length} gone</p>
${list(gone.map(({ ruleId, subject }) => `gone: ${text(ruleId)} ${apart(subjectWords(subject))}`))}`;
}

function cures(report: Report): string {
  const urgent = urgentCures(report);
  if (urgent.length === 0) return "";
  const items = urgent.map(({ group, cure }) => {
    const { findings, rule, severity } = group;
    const more = findings.length > 1 ? ` and ${findings.length - 1} more` : "";
    return `<li><span class="mark ${severity}">${severity}</span> ${text(rule.id)}, ${apart(subjectWords(findings[0]!.subject))}${more}<br><code>${apart(cure)}</code></li>`;
  });
  return `<h2>First</h2>\n<ol>${items.join("\n")}</ol>`;
}

const charts = ({ charts: { sessions, devices, history } }: Report): string =>
  `<h2>Charts</h2>
${barChart("Room keys by how long a sender was seen to use one", sessions)}
${barChart("Devices by what proves them", devices)}
${history.length > 0 ? historyChart("Fails of the audits so far", history) : ""}`;

function findings(groups: readonly Group[]): string {
  if (groups.length === 0) return "<h2>Findings</h2>\n<p>None.</p>";
  const parts = groups.map(({ rule, result, severity, isAccepted, findings }) => {
    const mark = result === "fail" ? severity : result;
    return `<h3><span class="mark ${mark}">${isAccepted ? "accepted " : ""}${text(mark)}</span> ${text(rule.id)} ${text(rule.title)}</h3>
<p class="quiet">${text(rule.rationale)}</p>
<table><thead><tr><th>subject</th><th>what</th></tr></thead><tbody>
${findings.map(row).join("\n")}
</tbody></table>`;
  });
  return `<h2>Findings</h2>\n${parts.join("\n")}`;
}

function row(finding: Shown): string {
  const accepted = acceptedWords(finding);
  const below = [
    finding.change === "new" ? "new" : undefined,
    accepted === undefined ? undefined : apart(accepted),
    finding.cure === undefined ? undefined : `<code>${apart(finding.cure)}</code>`,
  ].filter((part) => part !== undefined);
  const more = below.map((part) => `<br><span class="quiet">${part}</span>`).join("");
  return `<tr><td>${apart(subjectWords(finding.subject))}</td><td>${apart(finding.message)}${more}</td></tr>`;
}

const looked = ({ summary }: Report): string =>
  `<h2>What was looked at</h2>
<table><thead><tr><th>rule</th><th></th><th class="number">fail</th><th class="number">warn</th><th class="number">not checked</th><th class="number">pass</th></tr></thead><tbody>
${summary.rules
  .map(({ ruleId, title, results: { fail, warn, pass, "not-checked": unread } }) => {
    const numbers = [fail, warn, unread, pass].map((count) => `<td class="number">${count ?? 0}</td>`);
    return `<tr><td>${text(ruleId)}</td><td>${text(title)}</td>${numbers.join("")}</tr>`;
  })
  .join("\n")}
</tbody></table>`;

const list = (items: readonly string[]): string =>
  items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
