"use strict";
// The scatter of two methods, image by image: a point opens its image.

const SVG = "http://www.w3.org/2000/svg";

function part(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function ticksOf(low, high) {
  const power = 10 ** Math.floor(Math.log10((high - low) / 4)), step = [1, 2, 5, 10].map(times => times * power).find(size => (high - low) / size <= 5);
  const ticks = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) ticks.push(Number((at * step).toPrecision(8)));
  return ticks;
}

class Scatter {
  constructor(root) {
    this.root = root;
    this.data = JSON.parse(root.querySelector("script").textContent);
    for (const choice of root.querySelectorAll("select")) choice.addEventListener("change", () => this.draw());
    this.draw();
  }

  draw() {
    const [across, up, metric] = ["across", "up", "metric"].map(name => this.root.querySelector(`[data-choice="${name}"]`).value);
    const values = key => this.data.methods.find(method => method.key === key).scores[metric] ?? [];
    const card = this.data.metrics.find(one => one.key === metric), [xs, ys] = [values(across), values(up)];
    const points = this.data.images.map((image, at) => ({ ...image, x: xs[at], y: ys[at] })).filter(point => Number.isFinite(point.x) && Number.isFinite(point.y));
    const svg = this.root.querySelector("svg"), wins = points.filter(point => (point.y - point.x) * (card.better === "higher" ? 1 : -1) > 0).length;
    const [named, against] = [up, across].map(key => this.data.methods.find(method => method.key === key).label);
    this.root.querySelector("[data-part='told']").textContent = points.length
      ? `${named} is better than ${against} on ${wins} of ${points.length} images, by ${card.title}. Points above the diagonal have a ${card.better === "higher" ? "higher" : "higher, and so worse,"} ${card.title} with ${named}.`
      : "These two share no image with a score.";
    svg.replaceChildren();
    if (!points.length) return;
    const every = points.flatMap(point => [point.x, point.y]), spread = Math.max(...every) - Math.min(...every) || 1;
    const [low, high] = [Math.min(...every) - .06 * spread, Math.max(...every) + .06 * spread];
    const place = value => 9 + 88 * (value - low) / (high - low), right = value => `${place(value)}%`, above = value => `${100 - place(value)}%`;
    for (const tick of ticksOf(low, high)) {
      svg.append(part("line", { class: "grid", x1: right(tick), x2: right(tick), y1: above(low), y2: above(high) }), part("line", { class: "grid", x1: right(low), x2: right(high), y1: above(tick), y2: above(tick) }));
      svg.append(part("text", { x: right(tick), y: "96%", "text-anchor": "middle" }, tick), part("text", { x: "7.5%", y: above(tick), "text-anchor": "end", "dominant-baseline": "middle" }, tick));
    }
    svg.append(part("line", { class: "diagonal", x1: right(low), y1: above(low), x2: right(high), y2: above(high) }));
    for (const point of points) {
      const link = part("a", { href: point.href ? `${point.href}#${new URLSearchParams({ left: across, right: up })}` : "" });
      const text = `${point.name}: ${against} ${point.x.toFixed(card.decimals)}, ${named} ${point.y.toFixed(card.decimals)}`;
      if (!point.href) link.removeAttribute("href");
      link.setAttribute("aria-label", text);
      link.append(part("circle", { class: "point", cx: right(point.x), cy: above(point.y), r: 6 }), part("title", {}, text));
      svg.append(link);
    }
    this.root.querySelector("[data-part='across']").textContent = `${card.title} of ${against} →`;
    this.root.querySelector("[data-part='up']").textContent = `↑ ${card.title} of ${named}`;
  }
}

for (const root of document.querySelectorAll(".scatter")) new Scatter(root);
for (const choice of document.querySelectorAll("[data-boxes]"))
  choice.addEventListener("change", () => {
    for (const plot of document.querySelectorAll("[data-metric]")) plot.hidden = plot.dataset.metric !== choice.value;
  });
