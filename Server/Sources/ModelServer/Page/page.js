"use strict";

const at = (id) => document.getElementById(id);
let card = null;
let running = null;
const times = [];

function headers(more = {}) {
  const key = sessionStorage.getItem("key");
  return key ? { ...more, Authorization: `Bearer ${key}` } : more;
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: headers(options.headers) });
  if (answer.ok) return answer;
  if (answer.status === 401) at("keybox").hidden = false;
  let message = `status ${answer.status}`;
  try {
    const { error } = await answer.json();
    message = error.message ?? error;
  } catch { /* There is no more to say. */ }
  throw new Error(message);
}

function clear() {
  running?.abort();
  for (const id of ["text", "error", "time"]) at(id).textContent = "";
  at("table").replaceChildren();
  at("table").hidden = at("picture").hidden = true;
}

async function guarded(work) {
  clear();
  const mine = (running = new AbortController());
  const began = performance.now();
  try {
    await work(mine.signal, began);
    times.push(performance.now() - began);
    const recent = times.slice(-20).sort((a, b) => a - b);
    at("time").textContent += `${(times.at(-1) / 1000).toFixed(2)} s; median of ${recent.length}: ${
      (recent[recent.length >> 1] / 1000).toFixed(2)} s`;
  } catch (error) {
    if (error.name !== "AbortError") at("error").textContent = error.message;
  }
}

async function listModels() {
  try {
    const { data } = await (await ask("v1/models")).json();
    at("error").textContent = "";
    at("models").replaceChildren(...data.map(({ id }) => {
      const button = document.createElement("button");
      button.textContent = id;
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => choose(id));
      return button;
    }));
  } catch (error) {
    at("error").textContent = error.message;
  }
}

async function choose(id) {
  clear();
  times.length = 0;
  for (const button of at("models").children) button.setAttribute("aria-pressed", String(button.textContent === id));
  at("name").textContent = id;
  at("card").replaceChildren();
  for (const part of ["drop", "form", "tensors"]) at(part).hidden = true;
  try {
    card = await (await ask(`cards/${encodeURIComponent(id)}`)).json();
  } catch (error) {
    at("error").textContent = error.message;
    return;
  }
  const tensor = ({ name, datatype, shape }) => `${name}: ${datatype} [${shape.join(", ")}]`;
  const rows = {
    Task: card.task, Summary: card.summary, Architecture: card.architecture,
    Accuracy: card.accuracy.map(({ dataset, metric, value }) => `${metric} ${value} on ${dataset}`).join("; "),
    Weights: `${(card.bytes / 1e6).toFixed(1)} MB`, Inputs: card.inputs.map(tensor).join("; "),
    Outputs: card.outputs.map(tensor).join("; "), License: card.license, Source: card.source,
  };
  for (const [name, value] of Object.entries(rows)) {
    if (!value) continue;
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, text.textContent] = [name, value];
    at("card").append(term, text);
  }
  at("drop").hidden = !card.takes.includes("image");
  at("form").hidden = !card.takes.includes("text");
  at("querybox").hidden = !card.ranks;
  at("tensors").hidden = card.takes.length > 0;
  at("path").textContent = `/v2/models/${id}/infer`;
}

// A photograph, with the boxes of what was found on it.
async function predictPicture(file) {
  await guarded(async (signal) => {
    const bitmap = await createImageBitmap(file, { imageOrientation: "none" });
    const canvas = at("picture");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const drawing = canvas.getContext("2d");
    drawing.drawImage(bitmap, 0, 0);
    canvas.hidden = false;
    const answer = await ask(`predict/${encodeURIComponent(card.name)}`, {
      method: "POST", body: file, signal, headers: { "Content-Type": file.type || "image/jpeg" },
    });
    show(await answer.json(), drawing);
  });
}

function show(answer, drawing) {
  if (answer.text !== undefined) at("text").textContent = answer.text;
  if (answer.embedding) at("text").textContent = `${answer.embedding.length} numbers: ${
    answer.embedding.slice(0, 8).map((number) => number.toFixed(4)).join(", ")}, …`;
  if (answer.score !== undefined) at("text").textContent = `Score: ${answer.score.toFixed(4)}`;
  const rows = answer.classes?.slice(0, 5).map(({ label, probability }) => [label, probability])
    ?? answer.entities?.map(({ label, score, text }) => [`${text} (${label})`, score])
    ?? answer.detections?.map(({ label, score }) => [label, score]) ?? [];
  for (const [label, share] of rows) {
    const row = at("table").insertRow();
    row.insertCell().textContent = label;
    row.insertCell().textContent = `${(share * 100).toFixed(1)} %`;
    const meter = document.createElement("meter");
    meter.value = share;
    row.insertCell().append(meter);
  }
  at("table").hidden = rows.length === 0;
  if (answer.detections) drawBoxes(answer.detections, drawing);
}

function drawBoxes(detections, drawing) {
  const unit = Math.max(1, drawing.canvas.width / 300);
  drawing.lineWidth = unit;
  drawing.font = `${8 * unit}px sans-serif`;
  drawing.textBaseline = "top";
  for (const { label, score, box } of detections) {
    const hue = [...label].reduce((sum, letter) => sum * 31 + letter.codePointAt(0), 7) % 360;
    drawing.strokeStyle = drawing.fillStyle = `hsl(${hue} 90% 35%)`;
    drawing.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    const text = `${label} ${(score * 100).toFixed(0)}`;
    drawing.fillRect(box.left, box.top, drawing.measureText(text).width + 4 * unit, 10 * unit);
    drawing.fillStyle = "white";
    drawing.fillText(text, box.left + 2 * unit, box.top + unit);
  }
}

async function predictText(text) {
  await guarded(async (signal, began) => {
    if (!card.generates) {
      const query = card.ranks ? `?query=${encodeURIComponent(at("query").value)}` : "";
      const answer = await ask(`predict/${encodeURIComponent(card.name)}${query}`, {
        method: "POST", body: text, signal, headers: { "Content-Type": "text/plain; charset=utf-8" },
      });
      show(await answer.json());
      return;
    }
    at("stop").hidden = false;
    try {
      await streamText(text, signal, began);
    } finally {
      at("stop").hidden = true;
    }
  });
}

// An answer as it comes, by server-sent events.
async function streamText(text, signal, began) {
  const question = card.chats ? { messages: [{ role: "user", content: text }] } : { prompt: text };
  const answer = await ask(card.chats ? "v1/chat/completions" : "v1/completions", {
    method: "POST", signal, headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model: card.name, ...question, max_tokens: 256, stream: true, stream_options: { include_usage: true } }),
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let [rest, first] = ["", 0];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "data: [DONE]") continue;
      const event = JSON.parse(line.slice(6));
      if (event.error) throw new Error(event.error.message);
      const piece = event.choices[0]?.delta?.content ?? event.choices[0]?.text ?? "";
      if (piece && !first) first = performance.now() - began;
      at("text").textContent += piece;
      if (event.usage) {
        const seconds = (performance.now() - began) / 1000;
        at("time").textContent = `first piece after ${(first / 1000).toFixed(2)} s, ${
          (event.usage.completion_tokens / Math.max(seconds, 0.001)).toFixed(1)} tokens a second; `;
      }
    }
  }
}

at("file").addEventListener("change", () => at("file").files[0] && predictPicture(at("file").files[0]));
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  at("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) predictPicture(event.dataTransfer.files[0]);
  });
}
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  predictText(at("input").value);
});
at("input").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("form").requestSubmit();
});
at("stop").addEventListener("click", () => running?.abort());
at("key").addEventListener("change", () => {
  sessionStorage.setItem("key", at("key").value);
  listModels();
});
listModels();
