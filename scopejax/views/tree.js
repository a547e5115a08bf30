// A search box, and buttons that open and close all scopes. It serves every tree of the
// page that is not served yet, so that several outputs, and one that is shown twice, do
// not disturb each other. It only reads text and hides rows.
(() => {
const roots = new Set([document]);
if (document.currentScript) roots.add(document.currentScript.getRootNode());
const serve = (view) => {
  view.dataset.live = "1";
  const tools = view.querySelector(".sj-tools");
  const [box, count, open, close] = tools.children;
  let rows = null, before = null, timer = 0;
  tools.hidden = false;
  const all = () => {
    if (rows) return rows;
    const walk = (list, path, above) => [...list.children].flatMap((item) => {
      const row = item.querySelector(".sj-row");
      const name = path + row.querySelector("code").textContent;
      const below = item.querySelector(":scope > details > ul");
      const text = (path + row.textContent).toLowerCase();
      const own = {item, text, above, scope: !!below};
      return below ? [own, ...walk(below, name, [...above, item])] : [own];
    });
    return rows = walk(view.querySelector(":scope > ul"), "", []);
  };
  const details = () => [...view.querySelectorAll("details")];
  const search = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) {
      for (const row of all()) row.item.hidden = false;
      if (before) for (const [detail, was] of before) detail.open = was;
      before = null;
      count.textContent = "";
      return;
    }
    before = before || details().map((detail) => [detail, detail.open]);
    const found = all().filter((row) => !row.scope && words.every((w) => row.text.includes(w)));
    const seen = new Set(found.flatMap((row) => [row.item, ...row.above]));
    for (const row of rows) row.item.hidden = !seen.has(row.item);
    if (found.length <= 500) for (const item of seen)
      if (item.querySelector(":scope > details > ul")) item.firstElementChild.open = true;
    count.textContent = found.length + " found";
  };
  const every = (value) => () => {
    for (const row of all()) if (row.scope) row.item.firstElementChild.open = value;
  };
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
  box.addEventListener("keydown", (event) => event.stopPropagation());
  open.addEventListener("click", every(true));
  close.addEventListener("click", every(false));
};
for (const root of roots)
  root.querySelectorAll(".sj-view:not([data-live])").forEach(serve);
})();
