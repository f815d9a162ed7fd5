// A table's rows by a column: numbers begin with the most, words with A; once more turns it around.
const words = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });

function sortBy(table, column, isDown) {
  const isNumber = table.tHead.rows[0].cells[column].classList.contains("n");
  const of = (row) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    if (text === "–" || text === "") return "";
    const raw = cell.dataset.raw ?? text;
    return isNumber ? Number(raw) : raw;
  };
  const body = table.tBodies[0];
  const sorted = [...body.rows].sort((one, other) => {
    const [a, b] = [of(one), of(other)];
    // What has nothing to say stands last, whichever way.
    if (a === "" || b === "") return (a === "") - (b === "");
    const by = isNumber ? a - b : words.compare(a, b);
    return isDown ? -by : by;
  });
  body.append(...sorted);
}

for (const table of document.querySelectorAll("table[data-sorts]"))
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    if (!head.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const was = head.getAttribute("aria-sort");
      const isDown = was ? was === "ascending" : head.classList.contains("n");
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      sortBy(table, column, isDown);
    });
  }
