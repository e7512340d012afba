// @ts-check
/** What every page gets. A page's own script comes after this one. */
import { enhanceConfirms } from "./dialog.js";
import { on, qs } from "./dom.js";
import { enhanceForms } from "./forms.js";
import { enhanceMenus } from "./menu.js";
import { enhanceTabs } from "./tabs.js";
import { ready, t } from "./texts.js";
import { enhanceTheme } from "./theme.js";
import { keepTimesFresh, localiseTimes } from "./time.js";
import { toast } from "./toast.js";

document.documentElement.classList.add("js");
enhanceConfirms();
enhanceForms();
enhanceMenus();
enhanceTabs();
enhanceTheme();
on("click", "[data-copy]", async (button) => {
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    toast(t("js-copied"), { kind: "success" });
  } catch {
    toast(t("js-copy-failed"), { kind: "error" });
  }
});
// Where somebody is signed in.
if (qs("[data-bell]")) void import("../telling/bell.js");
try {
  // Somebody who stands in line hears on any page when it is their turn.
  if (localStorage.getItem("lines")) void import("../queue/elsewhere.js");
  // What was to be sent when there was no network goes from any page.
  if (localStorage.getItem("applications")) void import("../applications/later.js").then(({ watch }) => watch());
} catch {
  // A browser that keeps nothing.
}
void ready.then(() => {
  localiseTimes();
  keepTimesFresh();
});
