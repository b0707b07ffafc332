/** The page's whole style; it loads nothing. */
export const STYLE = `
:root { color-scheme: light dark; --bad: #b3261e; --doubtful: #9a6700; --good: #1a7f37; --unknown: #6e7781; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
.grade { display: inline-block; font-size: 3rem; font-weight: 700; line-height: 1; padding: .3rem .9rem; border: 3px solid; border-radius: .5rem; margin-right: 1rem; }
.A, .B { color: var(--good); } .C, .D { color: var(--doubtful); } .F { color: var(--bad); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; white-space: nowrap; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
.mark { font-weight: 700; } .mark.critical, .mark.high, .mark.error { color: var(--bad); } .mark.medium, .mark.warn { color: var(--doubtful); }
.quiet { opacity: .75; font-size: .9em; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; } svg { max-width: 100%; height: auto; }
svg text { font-size: 13px; fill: currentColor; } svg .label { text-anchor: end; }
svg .good { fill: var(--good); } svg .bad, svg .critical { fill: var(--bad); } svg .doubtful, svg .medium { fill: #d4a72c; }
svg .high { fill: #e16f24; } svg .low { fill: #54aeff; } svg .info, svg .unknown { fill: var(--unknown); }
@media print { body { margin: 0; max-width: none; font-size: 11px; } h2, h3 { break-after: avoid; } tr, figure { break-inside: avoid; } }
`;
