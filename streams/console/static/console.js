// Keys for those who look at incidents all night. Everything works without this file.
"use strict";

(() => {
  const rows = [...document.querySelectorAll("ol.list > .row, ol.steps > li")];
  let chosen = -1;

  const mark = (number) => {
    if (!rows.length) return;
    if (chosen >= 0) rows[chosen].classList.remove("chosen");
    chosen = Math.min(Math.max(number, 0), rows.length - 1);
    rows[chosen].classList.add("chosen");
    rows[chosen].scrollIntoView({ block: "nearest" });
    const link = place(rows[chosen]);
    if (link) sessionStorage.setItem("chosen", link);
  };
  const place = (row) => row.querySelector("a.told")?.getAttribute("href");
  const follow = (selector) => document.querySelector(selector)?.click();
  const focus = (selector) => document.querySelector(selector)?.focus();

  const keys = {
    j: () => mark(chosen + 1),
    k: () => mark(chosen - 1),
    Enter: () => chosen >= 0 && rows[chosen].querySelector("a.told")?.click(),
    u: () => { location.href = "/"; },
    a: () => document.querySelector("#acknowledge")?.requestSubmit(),
    n: () => focus("#note"),
    v: () => focus("#verdict"),
    s: () => follow("#silence"),
    "/": () => focus("input[type=search]"),
    r: () => location.reload(),
    "?": () => document.querySelector("#keys")?.showModal(),
  };

  const typing = (target) => target?.closest("input:not([type=radio], [type=checkbox]), select, textarea, dialog[open]");

  document.addEventListener("keydown", (event) => {
    const elsewhere = event.key === "Enter" && event.target.closest("a, button, input");
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || elsewhere) return;
    if (typing(event.target)) return;
    event.preventDefault();
    keys[event.key]();
  });

  // The list loads itself again, but not while somebody types into it or reads the keys.
  const seconds = document.querySelector("[data-refresh]")?.dataset.refresh;
  const again = () => (typing(document.activeElement) ? setTimeout(again, 1000) : location.reload());
  if (seconds) setTimeout(again, 1000 * seconds);

  // What was chosen before it loaded itself again stays chosen.
  const before = sessionStorage.getItem("chosen");
  const found = rows.findIndex((row) => before && place(row) === before);
  if (found >= 0) {
    chosen = found;
    rows[found].classList.add("chosen");
  }
})();
