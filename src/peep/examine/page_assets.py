"""Style sheet and script of the review page; its content security policy holds their hashes."""

STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --back: #ffffff; --soft: #59636e; --line: #d1d9e0; --panel: #f6f8fa;
  --plus: #dafbe1; --plus-word: #aceebb; --minus: #ffebe9; --minus-word: #ffc1ba; --stop: #b3261e; --look: #7d4e00;
  --chip: #8b1a8b; --focus: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --back: #0d1117; --soft: #9198a1; --line: #3d444d;
  --panel: #151b23; --plus: #12361f; --plus-word: #1f6f3a; --minus: #44191c; --minus-word: #8e2c30; --stop: #ff9a90;
  --look: #f0c060; --chip: #f0a8f0; --focus: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--back); font: 15px/1.45 system-ui, sans-serif; }
header, main, footer { max-width: 1100px; margin: 0 auto; padding: 0 16px; }
h1 { font-size: 22px; margin: 20px 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 28px 0 8px; border-bottom: 1px solid var(--line); }
h3 { font: 600 14px/1.5 ui-monospace, monospace; margin: 0; padding: 6px 8px; background: var(--panel);
  overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; margin: 0 0 12px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.stop { color: var(--stop); font-weight: 600; }
.look { color: var(--look); }
.note, .soft { color: var(--soft); }
section { margin: 0 0 14px; border: 1px solid var(--line); border-radius: 6px; overflow: hidden;
  content-visibility: auto; contain-intrinsic-size: auto 300px; scroll-margin-top: 48px; }
section:focus { outline: 3px solid var(--focus); outline-offset: -1px; }
section.read > :not(h3) { display: none; }
section.read h3::after { content: " \\2713 read"; color: var(--soft); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font: 13px/1.45 ui-monospace, monospace; }
td { padding: 0 6px; vertical-align: top; }
td.n { width: 58px; color: var(--soft); text-align: right; user-select: none; }
td.t { white-space: pre-wrap; overflow-wrap: anywhere; }
tr.p td { background: var(--plus); }
tr.m td { background: var(--minus); }
tr.p mark { background: var(--plus-word); color: inherit; }
tr.m mark { background: var(--minus-word); color: inherit; }
tr.f td { color: var(--soft); background: var(--panel); text-align: center; }
tr.s td { padding: 2px 8px 2px 64px; overflow-wrap: anywhere; background: var(--panel); }
p.s { margin: 0; padding: 3px 8px; background: var(--panel); overflow-wrap: anywhere; }
.c { color: var(--chip); border: 1px solid currentColor; border-radius: 4px; padding: 0 3px; font-size: 11px;
  font-style: normal; white-space: nowrap; }
.w { color: var(--soft); font-style: normal; }
#bar { position: sticky; top: 0; z-index: 1; background: var(--back); border-bottom: 1px solid var(--line);
  padding: 6px 16px; display: none; gap: 14px; flex-wrap: wrap; align-items: center; }
.scripted #bar { display: flex; }
button { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: 2px 10px; }
textarea { width: 100%; height: 160px; display: none; font: 12px/1.4 ui-monospace, monospace; color: inherit;
  background: var(--panel); border: 1px solid var(--line); }
textarea.shown { display: block; }
@media (max-width: 480px) { header, main, footer { padding: 0 8px; } dl { grid-template-columns: minmax(0, 1fr); }
  dd { margin-bottom: 8px; }
  td.n { width: 40px; padding: 0 3px; } tr.s td { padding-left: 8px; } }
@media print { :root { --text: #000; --back: #fff; --soft: #444; --line: #999; --panel: #eee; --plus: #e4f7e8;
  --minus: #fbe6e4; --plus-word: #bfe8c8; --minus-word: #f3bdb7; --stop: #900; --look: #640; --chip: #606; }
  .scripted #bar, textarea.shown { display: none; } section { content-visibility: visible; break-inside: auto;
  overflow: visible; } section.read > :not(h3) { display: revert; } }
"""

SCRIPT = """
"use strict";
(() => {
  const base = JSON.parse(document.getElementById("base").textContent);
  const files = Array.from(document.querySelectorAll("section[data-file]"));
  const status = document.getElementById("status");
  const out = document.getElementById("out");
  const isRead = (file) => file.classList.contains("read");
  let current = -1;

  function entry(file) {
    return { path: file.dataset.file, sha256: file.dataset.sha, since: file.dataset.since };
  }
  function reading() {
    return Object.assign({}, base, {
      read: files.filter(isRead).map(entry),
      unread: files.filter((file) => !isRead(file)).map(entry),
    });
  }
  function tell() {
    const read = files.filter(isRead);
    const lines = (list) => list.reduce((sum, file) => sum + Number(file.dataset.lines), 0);
    status.textContent = `${read.length} of ${files.length} files read, ` +
      `${lines(read)} of ${lines(files)} lines`;
  }
  function go(index) {
    if (index < 0 || index >= files.length) return;
    current = index;
    files[index].focus({ preventScroll: true });
    files[index].scrollIntoView({ block: "start" });
  }
  function seek(step) {
    for (let index = current + step; index >= 0 && index < files.length; index += step) {
      if (!isRead(files[index])) { go(index); return; }
    }
  }
  function mark() {
    const held = files.indexOf(document.activeElement);
    if (held >= 0) current = held;
    if (current < 0) return;
    files[current].classList.toggle("read");
    tell();
    if (isRead(files[current])) seek(1);
  }
  function save() {
    const text = JSON.stringify(reading(), null, 1) + "\\n";
    out.value = text;
    out.classList.add("shown");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `${base.project}-${base.new.version}.reading.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  const keys = { n: () => seek(1), p: () => seek(-1), m: mark };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target === out) return;
    const action = keys[event.key];
    if (action) { event.preventDefault(); action(); }
  });
  files.forEach((file, index) => {
    file.addEventListener("focus", () => { current = index; });
    file.querySelector("h3").addEventListener("dblclick", () => { current = index; file.focus(); mark(); });
  });
  document.getElementById("save").addEventListener("click", save);
  document.documentElement.classList.add("scripted");
  tell();
})();
"""
