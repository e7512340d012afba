// @ts-check
// Shows how far an import is, and the page anew once the server has done its part.
const bar = /** @type {HTMLProgressElement} */ (document.getElementById("progress"));
const text = /** @type {HTMLElement} */ (document.getElementById("progress-text"));
const state = document.getElementById("import")?.dataset.state;

async function look() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.ok) {
      const now = await answer.json();
      if (now.state !== state) return location.reload();
      if (now.total > 0) {
        bar.max = now.total;
        bar.value = now.done;
      }
      text.textContent = text.textContent?.replace(/^\d+(\D+)\d+/, (_, between) => `${now.done}${between}${now.total}`) ?? "";
    }
  } catch {
    // A network that is away for a moment: the next look will tell.
  }
  setTimeout(look, 1000);
}

if (bar.hasAttribute("data-unknown")) bar.removeAttribute("value");
setTimeout(look, 500);
