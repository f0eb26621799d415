"use strict";
// Tables: a heading sorts, choices filter, a button opens a row's details.

function sortBy(heading) {
  const table = heading.closest("table"), index = [...heading.parentNode.children].indexOf(heading), before = heading.getAttribute("aria-sort");
  // A column begins with its best: the highest or the lowest figure, or the first of words.
  const up = before ? before === "descending" : heading.dataset.better !== "higher";
  for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  const words = heading.classList.contains("word"), number = text => text === "inf" ? Infinity : Number(text);
  const value = row => row.children[index].dataset.value ?? "";
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter(row => !row.classList.contains("details") && !row.classList.contains("apart"));
    const details = new Map(rows.map(row => [row, row.nextElementSibling?.classList.contains("details") ? row.nextElementSibling : null]));
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      // Rows without a figure stay at the end, whichever way the others go.
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = words ? x.localeCompare(y) : number(x) === number(y) ? 0 : number(x) - number(y);
      return up ? order : -order;
    });
    for (const row of rows) body.append(row, ...[details.get(row)].filter(Boolean));
  }
}

function filter() {
  const chosen = Object.fromEntries([...document.querySelectorAll("[data-filter]")].map(part => [part.dataset.filter, part.type === "checkbox" ? part.checked : part.value]));
  for (const section of document.querySelectorAll("section.board"))
    section.hidden = ["set", "protocol"].some(name => chosen[name] && section.dataset[name] !== chosen[name]);
  for (const row of document.querySelectorAll("section.board tr.measured")) {
    row.hidden = ["inputs", "weights"].some(name => chosen[name] && row.dataset[name] !== chosen[name]);
    if (row.hidden) close(row);
  }
  for (const body of document.querySelectorAll("tbody.published")) body.hidden = chosen.published === false;
}

function close(row) {
  row.querySelector("[aria-expanded]")?.setAttribute("aria-expanded", "false");
  if (row.nextElementSibling?.classList.contains("details")) row.nextElementSibling.hidden = true;
}

for (const heading of document.querySelectorAll("table.sortable th")) heading.querySelector("button")?.addEventListener("click", () => sortBy(heading));
for (const part of document.querySelectorAll("[data-filter]")) part.addEventListener("change", filter);
for (const button of document.querySelectorAll("button[aria-expanded]"))
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
  });
