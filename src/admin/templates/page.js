// Keeps the parts that are marked `data-live` up to date. Without it the page is as good as its last reload.
(() => {
  const button = document.getElementById("live");
  const parts = () => document.querySelectorAll("[data-live]");
  if (!parts().length) return;
  button.hidden = false;
  let on = true;
  button.addEventListener("click", () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
  });
  const refresh = async () => {
    // Without the name and password that the address may have been opened with: fetch takes none.
    const here = location.origin + location.pathname + location.search;
    const reply = await fetch(here, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(5000) });
    if (!reply.ok) throw new Error(reply.status);
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const part of parts()) {
      const now = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      const busy = part.contains(document.activeElement) || String(getSelection());
      if (now && !busy && now.innerHTML !== part.innerHTML) part.replaceWith(now);
    }
  };
  const tick = async () => {
    if (on && !document.hidden) {
      try {
        await refresh();
        document.body.classList.remove("stale");
      } catch {
        document.body.classList.add("stale");
      }
    }
    setTimeout(tick, 2000);
  };
  setTimeout(tick, 2000);
})();
