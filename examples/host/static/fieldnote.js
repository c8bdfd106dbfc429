// Posts forms without leaving the page and swaps in what changed. Without script every form still works.
"use strict";

const REGIONS = ["work", "panel", "recent"];
let busy = false;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.action.endsWith("/sign-in") || form.action.endsWith("/sign-out")) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (REGIONS.some((id) => !page.getElementById(id))) {
      location.assign(answer.ok ? answer.url : "/inspections");
      return;
    }
    swap(page, form.getAttribute("action"));
  } catch {
    form.submit();
  } finally {
    busy = false;
    if (button) button.removeAttribute("aria-busy");
  }
});

function swap(page, action) {
  const before = document.getElementById("points")?.textContent;
  const fields = [...document.querySelectorAll("form.new select")].map((field) => [field.name, field.value]);
  for (const id of REGIONS) document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
  for (const [name, value] of fields) {
    const field = document.querySelector(`form.new select[name="${name}"]`);
    if (field) field.value = value;
  }
  const points = document.getElementById("points");
  if (points && points.textContent !== before) points.classList.add("changed");
  // Keyboard users stay where they were: on the same action if it is still there.
  const same = [...document.forms].find((form) => form.getAttribute("action") === action);
  (same?.querySelector("button") ?? document.getElementById("work")).focus({ preventScroll: true });
}
