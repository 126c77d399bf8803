for (const head of document.querySelectorAll("thead th")) {
  head.querySelector("button").addEventListener("click", () => {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of head.parentElement.cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
    const body = head.closest("table").tBodies[0];
    const isNumber = head.classList.contains("number");
    const valueOf = (row) => row.cells[head.cellIndex].dataset.value;
    const order = (first, second) => {
      const [a, b] = [valueOf(first), valueOf(second)];
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
      return sign * (isNumber ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    };
    for (const row of body.rows) row.classList.remove("start");
    body.append(...[...body.rows].sort(order));
  });
}
