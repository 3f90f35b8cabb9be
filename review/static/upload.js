// Files are sent by the tus protocol: what breaks off goes on where it stopped.
"use strict";

const AT_ONCE = 2;
const CHUNK_BYTES = 32 * 1024 * 1024; // each is let in by itself: a session that ends is noticed
const form = document.getElementById("upload");
const drop = document.getElementById("drop");
const sending = document.getElementById("sending");
const waiting = [];
let active = 0;

const words = (bytes) => bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

function rowFor(file) {
  const row = document.createElement("li");
  const name = document.createElement("bdi");
  const bar = document.createElement("progress");
  const said = document.createElement("span");
  const stop = document.createElement("button");
  name.textContent = file.name;
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  said.className = "soft";
  said.textContent = "waits";
  stop.className = "quiet";
  stop.type = "button";
  stop.textContent = "Stop";
  stop.setAttribute("aria-label", `Stop ${file.name}`);
  row.append(name, bar, said, stop);
  sending.append(row);
  return { row, bar, said, stop };
}

function sentence(error) {
  const answer = error.originalResponse;
  const status = answer ? answer.getStatus() : 0;
  if (status === 401 || status === 403) return "You are logged out. Log in again and select the same file to resume.";
  if (!answer) return "Connection lost. Select the same file again to resume.";
  try { return JSON.parse(answer.getBody()).detail; } catch { return `The server answered ${status}.`; }
}

function add(file) {
  const { row, bar, said, stop } = rowFor(file);
  const began = Date.now();
  const upload = new tus.Upload(file, {
    endpoint: "/uploads",
    chunkSize: CHUNK_BYTES,
    retryDelays: [0, 1000, 3000, 5000, 10000, 20000],
    removeFingerprintOnSuccess: true,
    headers: { "X-Form-Token": form.dataset.formToken },
    metadata: { filename: file.name, case: form.elements.case.value },
    onProgress(sent, size) {
      const seconds = (Date.now() - began) / 1000;
      const left = sent ? Math.round((size - sent) * seconds / sent) : 0;
      bar.value = sent;
      said.textContent = `${words(sent)} of ${words(size)}` + (seconds > 3 ? `, ${left} s left` : "");
    },
    onError(error) {
      said.textContent = sentence(error);
      row.className = "failed";
      stop.remove();
      done();
    },
    onSuccess() {
      bar.value = bar.max;
      said.textContent = "uploaded";
      stop.remove();
      setTimeout(() => row.remove(), 4000);
      document.body.dispatchEvent(new CustomEvent("footage"));
      done();
    },
  });
  stop.addEventListener("click", () => {
    const place = waiting.indexOf(start);
    if (place >= 0) waiting.splice(place, 1);
    else done();
    upload.abort(true).catch(() => {});
    row.remove();
  });
  const start = async () => {
    const known = await upload.findPreviousUploads();
    if (known.length) upload.resumeFromPreviousUpload(known[0]);
    upload.start();
  };
  waiting.push(start);
  next();
}

function next() {
  while (active < AT_ONCE && waiting.length) {
    active += 1;
    waiting.shift()();
  }
}

function done() {
  active -= 1;
  next();
}

document.getElementById("files").addEventListener("change", (event) => {
  [...event.target.files].forEach(add);
  event.target.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) {
  drop.addEventListener(kind, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  [...event.dataTransfer.files].forEach(add);
});
window.addEventListener("beforeunload", (event) => { if (active > 0) event.preventDefault(); });
