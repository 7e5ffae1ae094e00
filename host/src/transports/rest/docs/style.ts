/** How the pages look: one column on a phone, dark where the reader's system is. Nothing is loaded. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --soft: #f6f8fa; --link: #0550ae; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0d1117; --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --soft: #161b22; --link: #79b8ff; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; display: block; padding: .5rem 1rem; }
header { padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); }
header h1 { margin: 0; font-size: 1.4rem; }
header p { margin: .25rem 0; }
small { color: var(--quiet); font-weight: normal; font-size: .85rem; }
header ul { display: flex; flex-wrap: wrap; gap: 1.25rem; margin: 0; padding: 0; list-style: none; }
[aria-current] { font-weight: bold; }
.columns { display: grid; grid-template-columns: minmax(14rem, 20rem) minmax(0, 1fr); }
.contents { padding: 0 1.5rem; border-right: 1px solid var(--line); position: sticky; top: 0; max-height: 100vh; overflow: auto; font-size: .9rem; }
.contents h2 { font-size: .95rem; margin: 1rem 0 .25rem; }
.contents ul { margin: 0; padding-left: 1rem; }
main { padding: 0 1.5rem 4rem; max-width: 64rem; min-width: 0; }
article { border-top: 1px solid var(--line); padding: .5rem 0 1rem; }
h3 { font-size: 1.05rem; margin: .75rem 0 .25rem; }
h4 { margin: 1rem 0 .25rem; font-size: .95rem; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; margin: 0; white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid var(--line); }
th[scope=row] { font-weight: normal; }
.required { color: var(--quiet); font-size: .8rem; }
.method { font: bold .85rem ui-monospace, monospace; border: 1px solid var(--line); border-radius: 4px; padding: .1rem .4rem; background: var(--soft); }
@media (max-width: 48rem) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .contents { position: static; max-height: none; border-right: 0; border-bottom: 1px solid var(--line); padding-bottom: 1rem; }
}
@media print { .contents, .skip { display: none; } .columns { display: block; } }
`;
