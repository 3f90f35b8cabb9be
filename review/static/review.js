// Keys, larger pictures and the clip. Everything also works without: by buttons and links.
"use strict";

const typing = (target) => target.closest("input:not([type=hidden]), textarea, select, [contenteditable]");
const open = () => document.querySelector("dialog[open]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing(event.target) || open()) return;
  const key = event.key.toLowerCase();
  if (key === "p") return play(event);
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!button || button.disabled || (button.name === "decision" && !seen())) return;
  event.preventDefault();
  button.click();
});

document.addEventListener("click", (event) => {
  const zoom = event.target.closest("[data-zoom]");
  if (zoom) enlarge(zoom.querySelector("img"));
  if (event.target.closest("[data-help]")) document.getElementById("help").showModal();
  const unblur = event.target.closest("[data-unblur]");
  if (unblur) show(event, unblur);
});

// The events of a video do not bubble; they can be caught on their way down.
document.addEventListener("error", (event) => event.target.matches?.("video") && explain(event.target), true);
document.addEventListener("waiting", (event) => say(event.target, "Generating clip..."), true);
document.addEventListener("playing", (event) => say(event.target, hidden(event.target)), true);

// A key that is pressed twice must not decide on a candidate that nobody has seen yet.
function seen() {
  return [...document.querySelectorAll(".pair img")].every((image) => image.complete);
}

function play(event) {
  const video = document.querySelector("#review video");
  if (!video) return;
  event.preventDefault();
  if (!video.paused) return video.pause();
  say(video, "Generating clip...");
  video.play().catch(() => {});
}

function enlarge(picture) {
  const dialog = document.getElementById("larger");
  const image = dialog.querySelector("img");
  image.src = picture.src;
  image.alt = picture.alt;
  dialog.showModal();
}

function show(event, link) {
  const video = document.querySelector("#review video");
  if (!video) return;
  event.preventDefault();
  video.src = link.href;
  link.hidden = true;
  video.play().catch(() => {});
}

function hidden(video) {
  return video.src.endsWith("clip.mp4") ? "Other faces are hidden." : "All faces are shown; this was logged.";
}

function say(video, sentence) {
  const place = document.getElementById("clip-said");
  if (place && video.matches?.("video")) place.textContent = sentence;
}

async function explain(video) {
  const answer = await fetch(video.src, { headers: { accept: "application/json" } });
  if (!answer.ok) say(video, (await answer.json()).detail);
}
