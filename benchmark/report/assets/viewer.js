"use strict";
// Two pictures with a divider between them, or all of them side by side; zoom, pan, maps and marked crops are shared.

const FLICKER_MS = 450, MOST_ZOOM = 8, NEAR_PX = 22;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

class Viewer {
  constructor(root) {
    this.root = root;
    this.data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    this.stage = root.querySelector(".stage");
    this.layers = [...root.querySelectorAll(".layer img")];
    this.linked = root.hasAttribute("data-linked");
    this.pictures = new Map(this.data.pictures.map(picture => [picture.key, picture]));
    this.pointers = new Map();
    this.state = this.begin();
    this.divider = this.added(this.stage, "divider");
    this.names = ["left", "right"].map(side => this.added(this.stage, `name ${side}`));
    this.boxes = this.added(this.stage, "boxes");
    this.listen(this.stage);
    this.controls();
    if (this.linked) this.fromLink();
    this.draw();
  }

  begin() {
    return { left: this.data.left, right: this.data.right, split: 50, zoom: 1, x: .5, y: .5, show: "pictures", layout: "slider", crops: [] };
  }

  added(parent, kind) {
    const part = document.createElement("div");
    part.className = kind;
    part.setAttribute("aria-hidden", "true");
    return parent.appendChild(part);
  }

  part(name) { return this.root.querySelector(`[data-part="${name}"]`); }

  // --- what the reader does

  controls() {
    this.root.addEventListener("click", event => {
      const button = event.target.closest("button");
      if (!button) return;
      const { act, crop } = button.dataset;
      if (crop !== undefined) this.remove(Number(crop));
      else if (act) this.act(act);
    });
    for (const side of ["left", "right", "show"]) this.part(side)?.addEventListener("change", event => this.set({ [side]: event.target.value }));
    this.part("split").addEventListener("input", event => this.set({ split: Number(event.target.value) }));
    this.part("zoom").addEventListener("input", event => this.set({ zoom: Number(event.target.value) }));
    this.stage.addEventListener("keydown", event => this.arrow(event));
    if (!this.linked) return;
    addEventListener("hashchange", () => { this.fromLink(); this.draw(); });
    document.addEventListener("keydown", event => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input:not([type='range']), textarea")) return;
      const keys = { n: "next", p: "previous", f: "flicker", x: "swap", c: "mark", g: "layout", d: "error", m: "difference", b: "blur", "0": "reset", "+": "closer", "=": "closer", "-": "farther", Escape: "plain" };
      const digit = /^Digit([1-9])$/.exec(event.code);
      if (digit && this.data.pictures[digit[1] - 1]) this.set({ [event.shiftKey ? "left" : "right"]: this.data.pictures[digit[1] - 1].key });
      else if (keys[event.key]) this.act(keys[event.key]);
      else return;
      event.preventDefault();
    });
  }

  act(what) {
    const { zoom, x, y, left, right, show, layout } = this.state;
    if (what !== "flicker") this.still();
    const turned = mode => this.set({ show: show === mode ? "pictures" : mode });
    const acts = {
      closer: () => this.set({ zoom: zoom * 1.5 }), farther: () => this.set({ zoom: zoom / 1.5 }),
      reset: () => this.set({ zoom: 1, x: .5, y: .5 }), swap: () => this.set({ left: right, right: left }),
      error: () => this.data.maps && turned("error"), difference: () => this.data.compared && turned("difference"), blur: () => this.data.maps && turned("blur"),
      layout: () => this.set({ layout: layout === "slider" ? "all" : "slider" }),
      plain: () => this.set({ show: "pictures", layout: "slider", split: 50 }),
      mark: () => this.mark({ x: x - .5 / Math.max(zoom, 4), y: y - .5 / Math.max(zoom, 4), w: 1 / Math.max(zoom, 4), h: 1 / Math.max(zoom, 4) }),
      draw: () => { this.marking = !this.marking; this.draw(); },
      flicker: () => this.flicker(),
      next: () => this.go("next"), previous: () => this.go("prev"),
    };
    acts[what]();
  }

  go(where) {
    const link = document.querySelector(`a[rel="${where}"]`);
    if (!link) return;
    const { left, right, show, layout } = this.state;
    location.href = `${link.getAttribute("href")}#${new URLSearchParams({ left, right, show, layout })}`;
  }

  arrow(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step || (step[1] && this.state.zoom === 1 && !event.shiftKey)) return;
    event.preventDefault();
    const { split, zoom, x, y } = this.state;
    if (event.shiftKey || step[1]) this.set({ x: x + step[0] * .1 / zoom, y: y + step[1] * .1 / zoom });
    else this.set({ split: split + 2 * step[0] });
  }

  listen(pane) {
    const share = event => {
      const box = pane.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    pane.addEventListener("pointerdown", event => {
      if (event.button) return;
      pane.setPointerCapture(event.pointerId);
      pane.focus({ preventScroll: true });
      const at = share(event);
      this.pointers.set(event.pointerId, at);
      const near = Math.abs(at[0] * 100 - this.state.split) / 100 * pane.clientWidth < NEAR_PX;
      this.doing = this.marking ? "mark" : pane === this.stage && (near || this.state.zoom === 1) ? "divide" : "pan";
      if (this.doing === "mark") this.started = this.onPicture(at);
      if (this.doing === "divide") { this.still(); this.set({ split: at[0] * 100 }); }
    });
    pane.addEventListener("pointermove", event => {
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      const at = share(event), { zoom, x, y } = this.state;
      this.pointers.set(event.pointerId, at);
      if (this.pointers.size === 2) {
        const [one, two] = [...this.pointers.values()], other = one === at ? two : one;
        const apart = point => Math.hypot(point[0] - other[0], point[1] - other[1]);
        this.zoomAt(zoom * apart(at) / Math.max(apart(before), .01), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
      } else if (this.doing === "divide") this.set({ split: at[0] * 100 });
      else if (this.doing === "pan") this.set({ x: x - (at[0] - before[0]) / zoom, y: y - (at[1] - before[1]) / zoom });
      else if (this.doing === "mark") { this.sketch = this.between(this.started, this.onPicture(at)); this.draw(); }
    });
    const end = event => {
      if (!this.pointers.delete(event.pointerId)) return;
      if (this.doing === "mark" && this.sketch) this.mark(this.sketch);
      if (this.doing === "mark") { this.sketch = null; this.marking = false; this.draw(); }
      this.doing = null;
    };
    pane.addEventListener("pointerup", end);
    pane.addEventListener("pointercancel", end);
    pane.addEventListener("dblclick", event => this.zoomAt(this.state.zoom > 1 ? 1 : 3, share(event)));
    pane.addEventListener("wheel", event => {
      // A wheel over a picture that nobody has touched scrolls the page.
      if (!event.ctrlKey && document.activeElement !== pane) return;
      event.preventDefault();
      this.zoomAt(this.state.zoom * Math.exp(-event.deltaY / 400), share(event));
    }, { passive: false });
  }

  zoomAt(zoom, at) {
    const { zoom: before, x, y } = this.state;
    zoom = clamp(zoom, 1, MOST_ZOOM);
    const gain = 1 / before - 1 / zoom;
    this.set({ zoom, x: x + (at[0] - .5) * gain, y: y + (at[1] - .5) * gain });
  }

  onPicture(at) {
    const { zoom, x, y } = this.state;
    return [x + (at[0] - .5) / zoom, y + (at[1] - .5) / zoom];
  }

  between(a, b) {
    const [x, y] = [0, 1].map(axis => clamp(Math.min(a[axis], b[axis]), 0, 1)), [right, bottom] = [0, 1].map(axis => clamp(Math.max(a[axis], b[axis]), 0, 1));
    return { x, y, w: right - x, h: bottom - y };
  }

  mark(crop) {
    const w = clamp(crop.w, 0, 1), h = clamp(crop.h, 0, 1);
    if (w < .01 || h < .01) return;
    this.set({ crops: [...this.state.crops, { x: clamp(crop.x, 0, 1 - w), y: clamp(crop.y, 0, 1 - h), w, h }] });
  }

  remove(number) { this.set({ crops: this.state.crops.filter((_, at) => at !== number) }); }

  flicker() {
    if (this.timer) { this.still(); this.set({ split: 50 }); return; }
    const turn = () => this.set({ split: this.state.split === 0 ? 100 : 0 });
    this.timer = setInterval(turn, FLICKER_MS);
    turn();
  }

  still() { clearInterval(this.timer); this.timer = null; }

  // --- the link

  fromLink() {
    const asked = new URLSearchParams(location.hash.slice(1)), state = this.begin();
    for (const side of ["left", "right"]) if (this.pictures.has(asked.get(side))) state[side] = asked.get(side);
    for (const name of ["split", "zoom", "x", "y"]) {
      const value = Number(asked.get(name));
      if (asked.has(name) && Number.isFinite(value)) state[name] = value;
    }
    const can = { error: this.data.maps, blur: this.data.maps, difference: this.data.compared };
    if (Object.hasOwn(can, asked.get("show")) && can[asked.get("show")]) state.show = asked.get("show");
    if (asked.get("layout") === "all") state.layout = "all";
    for (const text of (asked.get("crop") ?? "").split(";")) {
      const [x, y, w, h] = text.split(",").map(Number);
      if ([x, y, w, h].every(value => value >= 0 && value <= 1) && w > 0 && h > 0) state.crops.push({ x, y, w, h });
    }
    this.state = this.kept(state);
  }

  toLink() {
    const short = value => String(Math.round(value * 1e4) / 1e4), { left, right, show, layout, crops } = this.state, first = this.begin();
    const link = new URLSearchParams({ left, right });
    for (const name of ["split", "zoom", "x", "y"]) if (this.state[name] !== first[name] && !this.timer) link.set(name, short(this.state[name]));
    if (show !== "pictures") link.set("show", show);
    if (layout !== "slider") link.set("layout", layout);
    if (crops.length) link.set("crop", crops.map(crop => [crop.x, crop.y, crop.w, crop.h].map(short).join(",")).join(";"));
    history.replaceState(null, "", `#${link}`);
  }

  kept(state) {
    const zoom = clamp(state.zoom, 1, MOST_ZOOM), room = .5 / zoom;
    return { ...state, zoom, split: clamp(state.split, 0, 100), x: clamp(state.x, room, 1 - room), y: clamp(state.y, room, 1 - room) };
  }

  set(change) {
    this.state = this.kept({ ...this.state, ...change });
    this.draw();
    if (!this.linked) return;
    // Browsers refuse many changes of the address in a short time.
    clearTimeout(this.linking);
    this.linking = setTimeout(() => this.toLink(), 150);
  }

  // --- what is shown

  address(key) {
    const picture = this.pictures.get(key);
    return this.state.show === "error" ? picture.error : picture.file;
  }

  // A picture's difference from the truth is its error.
  difference(one, other) {
    if (one === other) return null;
    if (one === "target") return this.pictures.get(other).error;
    if (other === "target") return this.pictures.get(one).error;
    return this.data.differences[`${one}--${other}`] ?? this.data.differences[`${other}--${one}`] ?? null;
  }

  label(key) { return this.pictures.get(key).label; }

  place(image) {
    const { zoom, x, y } = this.state;
    image.style.transform = `translate(${(.5 - x * zoom) * 100}%, ${(.5 - y * zoom) * 100}%) scale(${zoom})`;
    const enlarged = zoom * this.stage.clientWidth / this.data.width;
    image.style.imageRendering = enlarged > 2 ? "pixelated" : "auto";
  }

  show(image, key) {
    const { show, left } = this.state, blur = show === "blur" && image === this.layers[1];
    const differs = show === "difference" && image !== this.layers[0];
    const source = blur ? this.data.blur : differs ? this.difference(left, key) : this.address(key);
    // The truth has no error to show, and a picture does not differ from itself.
    image.style.visibility = source ? "" : "hidden";
    if (source && image.getAttribute("src") !== source) image.src = source;
    image.alt = blur ? `blur map of ${this.data.name}` : differs ? `difference of ${this.label(left)} and ${this.label(key)}, ${this.data.name}` : `${show === "error" ? "error map: " : ""}${this.label(key)}, ${this.data.name}`;
    this.place(image);
  }

  draw() {
    const { left, right, split, zoom, show, layout, crops } = this.state;
    const sides = [left, right];
    this.layers.forEach((image, at) => this.show(image, sides[at]));
    this.layers[1].parentNode.style.clipPath = `inset(0 0 0 ${split}%)`;
    this.divider.style.left = `${split}%`;
    this.names.forEach((name, at) => { name.textContent = !at || show === "pictures" || show === "error" ? this.label(sides[at]) : show === "blur" ? "blur of the input" : `difference from ${this.label(right)}`; });
    this.names[0].hidden = split < 12;
    this.names[1].hidden = split > 88;
    this.stage.dataset.show = show;
    this.stage.style.touchAction = zoom > 1 || this.marking ? "none" : "pan-y";
    this.stage.classList.toggle("zoomed", zoom > 1);
    this.stage.classList.toggle("marking", Boolean(this.marking));
    this.part("split").value = split;
    this.part("zoom").value = zoom;
    this.part("zoom-text").textContent = `${zoom.toFixed(1)}x`;
    for (const side of ["left", "right", "show"]) if (this.part(side)) this.part(side).value = this.state[side];
    for (const [act, on] of [["flicker", this.timer], ["layout", layout === "all"], ["draw", this.marking]])
      this.root.querySelector(`[data-act="${act}"]`)?.setAttribute("aria-pressed", String(Boolean(on)));
    for (const legend of this.root.querySelectorAll("[data-legend]")) legend.hidden = legend.dataset.legend !== show;
    const none = this.root.querySelector("[data-part='none']");
    if (none) none.hidden = show !== "difference" || layout === "all" || Boolean(this.difference(left, right));
    this.mark_boxes([...crops, ...(this.sketch ? [this.sketch] : [])]);
    if (this.linked) { this.all(); this.strips(); }
  }

  mark_boxes(crops) {
    const { zoom, x, y } = this.state;
    this.boxes.replaceChildren(...crops.map((crop, at) => {
      const box = document.createElement("div");
      box.className = `box crop-${at % 4}`;
      box.textContent = at + 1;
      const place = (value, centre) => `${((value - centre) * zoom + .5) * 100}%`;
      Object.assign(box.style, { left: place(crop.x, x), top: place(crop.y, y), width: `${crop.w * zoom * 100}%`, height: `${crop.h * zoom * 100}%` });
      return box;
    }));
  }

  all() {
    const grid = this.part("all"), on = this.state.layout === "all";
    grid.hidden = !on;
    this.stage.parentNode.hidden = on;
    if (!on) return;
    if (!grid.children.length)
      for (const picture of this.data.pictures) {
        const figure = document.createElement("figure"), pane = document.createElement("div"), image = document.createElement("img"), caption = document.createElement("figcaption");
        pane.className = "pane";
        pane.tabIndex = 0;
        pane.setAttribute("role", "group");
        pane.setAttribute("aria-label", picture.label);
        pane.style.aspectRatio = `${this.data.width} / ${this.data.height}`;
        image.dataset.key = picture.key;
        caption.textContent = picture.label + (picture.scores ? `: ${picture.scores}` : "");
        pane.append(image);
        figure.append(pane, caption);
        grid.append(figure);
        this.listen(pane);
        pane.addEventListener("keydown", event => { if (!event.shiftKey && event.key.startsWith("Arrow")) { event.preventDefault(); this.pan(event.key); } else this.arrow(event); });
      }
    for (const image of grid.querySelectorAll("img")) {
      this.show(image, image.dataset.key);
      image.closest("figure").hidden = image.style.visibility === "hidden";
      image.parentNode.dataset.show = this.state.show;
      image.parentNode.style.touchAction = this.state.zoom > 1 ? "none" : "pan-y";
    }
  }

  pan(key) {
    const { zoom, x, y } = this.state, step = .1 / zoom;
    this.set({ x: x + (key === "ArrowRight") * step - (key === "ArrowLeft") * step, y: y + (key === "ArrowDown") * step - (key === "ArrowUp") * step });
  }

  strips() {
    const holder = this.part("crops"), { crops, show } = this.state, drawn = JSON.stringify([crops, show]);
    if (holder.dataset.drawn === drawn) return;
    holder.dataset.drawn = drawn;
    holder.hidden = !crops.length;
    holder.querySelector(".strips").replaceChildren(...crops.map((crop, at) => {
      const strip = document.createElement("div"), head = document.createElement("p"), gone = document.createElement("button"), row = document.createElement("div");
      gone.type = "button";
      gone.className = "button";
      gone.dataset.crop = at;
      gone.textContent = `Remove crop ${at + 1}`;
      head.append(gone);
      row.className = "strip";
      for (const picture of this.data.pictures) {
        const figure = document.createElement("figure"), pane = document.createElement("div"), image = document.createElement("img"), caption = document.createElement("figcaption");
        pane.className = `cut crop-${at % 4}`;
        pane.style.aspectRatio = `${crop.w * this.data.width} / ${crop.h * this.data.height}`;
        const source = show === "error" ? picture.error : picture.file;
        if (source) image.src = source;
        image.alt = `crop ${at + 1}: ${picture.label}`;
        Object.assign(image.style, { width: `${100 / crop.w}%`, transform: `translate(${-crop.x * 100}%, ${-crop.y * 100}%)` });
        caption.textContent = picture.label;
        pane.append(image);
        figure.append(pane, caption);
        row.append(figure);
      }
      strip.append(head, row);
      return strip;
    }));
  }
}

window.viewers = [...document.querySelectorAll(".viewer")].map(root => new Viewer(root));
